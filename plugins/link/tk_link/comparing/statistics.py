"""What comparisons know of a whole table: how common its n-grams, numbers and codes are.

Without it each comparison counts what it is given. Shards of a table are compared by the counts of
one sample instead, so that a pair's likeness does not depend on the shard that it is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.atomic import replacing
from tk_link.comparing import codes, tokens
from tk_link.fields import Field
from tk_link.grams import Grams
from tk_link.tables import Table
from tk_link.views import spelled

BY_WORDING = frozenset({"text", "org", "address", "category"})
"""Types that are compared by the n-grams of their wording."""


@dataclass(frozen=True)
class Statistics:
    """Counts of a sample.

    Attributes:
        record: Of whole records.
        wording: Of each column that is compared by wording, by name.
        units: Codes in the wording too common to name anything; None where too few rows hold any.
        numbers: Rows of the sample that hold each number; None likewise.
        identifying: Of the most identifying field, where rows are searched by it alone as well.
    """

    record: Grams
    wording: dict[str, Grams]
    units: pl.Series | None
    numbers: tokens.Numbers | None
    identifying: Grams | None = None

    def save(self, path: Path) -> None:
        """Write it to a file, as plain arrays."""
        arrays: dict[str, NDArray[np.generic]] = {}
        counted = {"record": self.record}
        counted |= {f"wording:{name}": grams for name, grams in self.wording.items()}
        counted |= {"identifying": self.identifying} if self.identifying is not None else {}
        for key, grams in counted.items():
            arrays[f"{key}:alphabet"] = grams.alphabet
            arrays[f"{key}:documents"] = grams.documents
            arrays[f"{key}:texts"] = np.array(grams.texts)
        if self.units is not None:
            arrays["units"] = np.array(self.units.to_list(), dtype=np.str_)
        if self.numbers is not None:
            arrays["numbers"] = np.array(self.numbers.known.to_list(), dtype=np.str_)
            arrays["numbers:rows"] = self.numbers.rows
            arrays["numbers:texts"] = np.array(self.numbers.texts)
        with replacing(path) as stream:
            np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def learn(
    sample: Table, fields: Sequence[Field], record: pl.Series, wording: Sequence[pl.Series]
) -> Statistics:
    """Count a sample.

    Args:
        sample: The rows.
        fields: Compared columns.
        record: Their whole-record texts.
        wording: Their raw wording by sides, one or two, where there is any: codes and numbers count
            where enough rows of each hold them.
    """
    by_wording = [field for field in fields if field.type in BY_WORDING]
    return Statistics(
        Grams.count(record),
        {f.left: Grams.count(spelled(sample, f.left, f.type)) for f in by_wording},
        _units(wording),
        _numbers(wording),
    )


def _units(wording: Sequence[pl.Series]) -> pl.Series | None:
    found = [codes.units(side) for side in wording]
    known = [units for units in found if units is not None]
    return pl.concat(known).unique().sort() if known and len(known) == len(found) else None


def _numbers(wording: Sequence[pl.Series]) -> tokens.Numbers | None:
    if not wording or any(tokens.Numbers.count(side) is None for side in wording):
        return None
    return tokens.Numbers.count(pl.concat(wording))


def load(path: Path) -> Statistics:
    """Read what `Statistics.save` wrote."""
    with np.load(path) as arrays:
        names = [
            name.split(":", 1)[1][: -len(":alphabet")]
            for name in arrays.files
            if name.startswith("wording:") and name.endswith(":alphabet")
        ]

        def grams(key: str) -> Grams:
            counted = arrays[f"{key}:alphabet"], arrays[f"{key}:documents"]
            return Grams(*counted, int(arrays[f"{key}:texts"]))

        numbers = None
        if "numbers" in arrays.files:
            known = pl.Series(arrays["numbers"].tolist(), dtype=pl.String)
            numbers = tokens.Numbers(known, arrays["numbers:rows"], int(arrays["numbers:texts"]))
        return Statistics(
            grams("record"),
            {name: grams(f"wording:{name}") for name in names},
            pl.Series(arrays["units"].tolist(), dtype=pl.String)
            if "units" in arrays.files
            else None,
            numbers,
            grams("identifying") if "identifying:texts" in arrays.files else None,
        )

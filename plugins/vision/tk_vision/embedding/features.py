"""One row for every picture: what it is, its hash and its vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from tk.protocols import Encoder
from tk_vision.embedding.hashing import perceptual_hash
from tk_vision.embedding.items import Item
from tk_vision.pictures.checking import in_threads
from tk_vision.pictures.decoding import decode_bytes
from tk_vision.pictures.picture import Picture, PictureError

_LARGEST = 512
"""Shorter side above which a decoded picture is made smaller before it waits for the encoder."""


@dataclass(frozen=True)
class Features:
    """What is known of a list of pictures.

    Attributes:
        pictures: In the order that they were given.
        frame: A row for each: ``picture``, ``label``, ``width``, ``height``, ``digest``, ``phash``,
            ``error``.
        vectors: ``(N, dim)``; zeros where there is an error.
    """

    pictures: Sequence[Picture]
    frame: pl.DataFrame
    vectors: NDArray[np.float32]

    @property
    def bad(self) -> list[tuple[str, str]]:
        """Pictures that cannot be used, and why."""
        rows = self.frame.filter(pl.col("error").is_not_null())
        return list(rows.select("picture", "error").iter_rows())

    def table(self) -> pl.DataFrame:
        """Return the rows with their vectors, which are missing where there is an error."""
        dtype = pl.Array(pl.Float32, self.vectors.shape[1])
        vectors = pl.Series("embedding", self.vectors, dtype=dtype)
        is_good = pl.col("error").is_null()
        kept = pl.when(is_good).then(pl.col("embedding")).otherwise(None).alias("embedding")
        return self.frame.with_columns(vectors).with_columns(kept)


def describe(
    pictures: Sequence[Picture], encoder: Encoder[Item], *, batch_size: int = 64
) -> Features:
    """Encode all pictures, some at a time; damaged ones keep their row.

    Args:
        pictures: What to encode.
        encoder: Takes pictures that Pillow has opened.
        batch_size: Pictures at a time.
    """
    vectors = np.zeros((len(pictures), encoder.dim), dtype=np.float32)
    rows: list[dict[str, object]] = []
    loaded = in_threads(_load, pictures, what="encoding pictures")
    for part in _chunks(loaded, batch_size):
        places = [len(rows) + n for n, (_, image) in enumerate(part) if image is not None]
        images = [image for _, image in part if image is not None]
        if images:
            vectors[places] = encoder.encode(images, batch_size=batch_size)
        rows += [row for row, _ in part]
    texts = ("picture", "label", "digest", "phash", "error")
    schema = {name: pl.String for name in texts} | {"width": pl.Int32, "height": pl.Int32}
    order = ["picture", "label", "width", "height", "digest", "phash", "error"]
    frame = pl.DataFrame(rows, schema=schema).select(order)
    return Features(pictures, frame, vectors)


Loaded = tuple[dict[str, object], Image.Image | None]


def _load(picture: Picture) -> Loaded:
    row: dict[str, object] = {"picture": picture.name, "label": picture.label or None}
    try:
        data = picture.read()
        image = decode_bytes(data, picture.name)
    except PictureError as e:
        return {**row, "error": e.reason}, None
    row |= {"width": image.width, "height": image.height, "phash": perceptual_hash(image)}
    row["digest"] = blake2b(data, digest_size=16).hexdigest()
    scale = _LARGEST / min(image.size)
    if scale < 1:
        width, height = (max(round(side * scale), 1) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX, reducing_gap=2)
    return row, image


def _chunks(loaded: Iterator[Loaded], size: int) -> Iterator[list[Loaded]]:
    while part := list(islice(loaded, size)):
        yield part

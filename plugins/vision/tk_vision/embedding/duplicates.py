"""Pictures that are nearly the same: by the cosine of their vectors, in groups."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tk.errors import UsageError
from tk_vision.embedding.features import Features
from tk_vision.embedding.hashing import distances

_BLOCK = 512
_ROUNDING = 1e-6
"""What a cosine of copies may fall short of 1."""


def check_threshold(threshold: float) -> None:
    """Raise `UsageError` unless it is above 0 and at most 1."""
    if not 0 < threshold <= 1:
        raise UsageError(f"threshold is {threshold}, must be above 0, at most 1")


def find_groups(
    vectors: NDArray[np.float32], threshold: float, *, block: int = _BLOCK
) -> NDArray[np.int64]:
    """Return the first row of each row's group, ``(N,)``; a cosine of `threshold` joins two.

    All pairs are compared, in blocks: exact, N² · dim / 2 products. Rows of zeros join nothing.

    Raises:
        UsageError: `threshold` is not above 0 and at most 1.
    """
    check_threshold(threshold)
    count = len(vectors)
    groups = np.arange(count)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    for start in range(0, count, block):
        cosines = unit[start : start + block] @ unit[start:].T
        rows, columns = np.nonzero(cosines >= threshold - _ROUNDING)
        ends = np.concatenate([rows + start, np.arange(count)])
        others = np.concatenate([columns + start, groups])
        edges = coo_array((np.ones(len(ends), dtype=bool), (ends, others)), (count, count))
        _, firsts, labels = np.unique(
            connected_components(edges, directed=False)[1], return_index=True, return_inverse=True
        )
        groups = firsts[labels]
    return groups


def find_duplicates(features: Features, threshold: float) -> pl.DataFrame:
    """Return the pictures that are nearly the same as another, group by group.

    Columns ``group``, from 1, the largest first; ``picture``, ``width``, ``height``; ``keep``, true
    for the one of a group with the most pixels; and against that one ``similarity`` (the cosine),
    ``hash_distance`` (bits of `perceptual_hash`) and ``is_copy`` (the same file). ``row`` is the
    picture's place in `features`.
    """
    groups = find_groups(features.vectors, threshold)
    frame = features.frame.with_columns(pl.Series("group", groups)).with_row_index("row")
    sizes = pl.len().over("group").alias("size")
    frame = frame.filter(pl.col("error").is_null()).with_columns(sizes).filter(pl.col("size") > 1)
    pixels = pl.col("width").cast(pl.Int64) * pl.col("height")
    frame = frame.with_columns(pixels.alias("pixels")).sort(
        [pl.col("size"), pl.col("group"), pl.col("pixels"), pl.col("picture")],
        descending=[True, False, True, False],
    )
    parts = [
        _against_kept(part, features.vectors, number)
        for number, part in enumerate(frame.partition_by("group", maintain_order=True), 1)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_SCHEMA)


_SCHEMA = {
    "group": pl.Int64,
    "picture": pl.String,
    "width": pl.Int32,
    "height": pl.Int32,
    "keep": pl.Boolean,
    "similarity": pl.Float64,
    "hash_distance": pl.Int64,
    "is_copy": pl.Boolean,
    "row": pl.UInt32,
}


def _against_kept(part: pl.DataFrame, vectors: NDArray[np.float32], number: int) -> pl.DataFrame:
    rows = part["row"].to_numpy()
    own = vectors[rows].astype(np.float64)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    hashes = part["phash"].to_list()
    return part.select(
        pl.lit(number, dtype=pl.Int64).alias("group"),
        "picture",
        "width",
        "height",
        (pl.int_range(pl.len()) == 0).alias("keep"),
        pl.Series("similarity", (own @ own[0]).clip(-1, 1).round(6)),
        pl.Series("hash_distance", distances(hashes, hashes[0])),
        (pl.col("digest") == pl.col("digest").first()).alias("is_copy"),
        "row",
    )

"""Model numbers and other codes inside free text, and whether two rows agree on them.

A code is a token of at least four letters and digits with a digit and either a letter or nothing
but digits (``PSLX-350H``, ``2349B001``, ``426001``); hyphens, slashes and dots inside are ignored.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs

EQUAL, CONTAINED, CONFLICT = 1.0, 0.7, 0.05
_TOKEN = r"[\p{L}\p{N}][\p{L}\p{N}\-/.]{2,}[\p{L}\p{N}]"
_LEAST_SHARE = 0.3
"""Share of rows on each side that must hold a code before codes are evidence at all."""
_MOST_ROWS = 0.02
"""A token on more than this share of rows is a unit or a year, not a code."""


def tokens(texts: pl.Series) -> pl.DataFrame:
    """Return the codes in texts as columns ``row`` and ``code``, each pair once."""
    found = (
        pl.DataFrame({"text": texts})
        .with_row_index("row")
        .with_columns(pl.col("text").str.extract_all(_TOKEN).alias("code"))
        .explode("code")
        .select(
            pl.col("row").cast(pl.Int64),
            pl.col("code").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", ""),
        )
        .filter(pl.col("code").str.contains(r"\d"), pl.col("code").str.len_chars() >= 4)
        .unique(maintain_order=True)
    )
    return found.filter(pl.len().over("code") <= max(_MOST_ROWS * len(texts), 10))


def similarity(left: pl.Series, right: pl.Series, pairs: Pairs) -> NDArray[np.float32] | None:
    """Return agreement on codes for each pair (NaN where a side has none), or None.

    None means that too few rows hold codes for them to say anything.
    """
    a, b = tokens(left), tokens(right)
    if min(a["row"].n_unique() / len(left), b["row"].n_unique() / len(right)) < _LEAST_SHARE:
        return None
    frame = pl.DataFrame({"pair": np.arange(len(pairs)), "l": pairs.left, "r": pairs.right}).cast(
        pl.Int64
    )
    crossed = frame.join(a.rename({"row": "l", "code": "a"}), on="l").join(
        b.rename({"row": "r", "code": "b"}), on="r"
    )
    degree = (
        pl.when(pl.col("a") == pl.col("b"))
        .then(EQUAL)
        .when(
            pl.col("a").str.contains(pl.col("b"), literal=True)
            | pl.col("b").str.contains(pl.col("a"), literal=True)
        )
        .then(CONTAINED)
        .otherwise(CONFLICT)
    )
    best = crossed.with_columns(degree.alias("degree")).group_by("pair").agg(pl.max("degree"))
    out = np.full(len(pairs), np.nan, dtype=np.float32)
    out[best["pair"].to_numpy()] = best["degree"].to_numpy()
    return out

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


def units(texts: pl.Series) -> pl.Series | None:
    """Return the tokens of a sample that are too common for codes; None where few rows hold any."""
    found = _found(texts)
    counts = found.group_by("code").len("n")
    common = counts.filter(pl.col("n") > _most(len(texts)))["code"].sort()
    left = found.filter(~pl.col("code").is_in(common.implode()))
    return None if left["row"].n_unique() < _LEAST_SHARE * len(texts) else common


def tokens(texts: pl.Series, units: pl.Series | None = None) -> pl.DataFrame:
    """Return the codes in texts as columns ``row`` and ``code``, each pair once.

    Args:
        texts: The texts.
        units: Tokens that are no codes; None leaves those out that are common in these texts.
    """
    found = _found(texts)
    if units is not None:
        return found.filter(~pl.col("code").is_in(units.implode()))
    return found.filter(pl.len().over("code") <= _most(len(texts)))


def _most(rows: int) -> float:
    return max(_MOST_ROWS * rows, 10)


def _found(texts: pl.Series) -> pl.DataFrame:
    return (
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


def similarity(
    left: pl.Series, right: pl.Series, pairs: Pairs, units: pl.Series | None = None
) -> NDArray[np.float32] | None:
    """Return agreement on codes for each pair (NaN where a side has none), or None.

    None means that too few rows hold codes for them to say anything; with ``units``, which `units`
    found on a sample, that is known already.
    """
    a, b = tokens(left, units), tokens(right, units)
    if (
        units is None
        and min(a["row"].n_unique() / len(left), b["row"].n_unique() / len(right)) < _LEAST_SHARE
    ):
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

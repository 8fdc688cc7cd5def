"""Numbers inside text: house numbers, sizes, volumes, and whether two rows hold the same ones."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tk_link.candidates import Pairs
from tk_link.ngrams import VectorPair

_NUMBER = r"\b\d+(?:\.\d+)?\p{L}?\b"
_LEAST_SHARE = 0.3
"""Share of rows on each side that must hold a number before numbers are evidence at all."""


def similarity(left: pl.Series, right: pl.Series, pairs: Pairs) -> NDArray[np.float32] | None:
    """Return the cosine of the rows' number tokens, rare ones counting more; NaN without numbers.

    None means that too few rows hold numbers for them to say anything.
    """
    texts = pl.concat([left, right]).str.to_lowercase()
    found = (
        pl.DataFrame({"text": texts})
        .with_row_index("row")
        .select("row", pl.col("text").str.extract_all(_NUMBER).alias("token"))
        .explode("token")
        .drop_nulls()
        .unique()
        .with_columns(pl.col("token").rank("dense").alias("column") - 1)
    )
    rows = found["row"].to_numpy().astype(np.int64)
    held = np.bincount(rows, minlength=len(texts)) > 0
    if min(held[: len(left)].mean(), held[len(left) :].mean()) < _LEAST_SHARE:
        return None
    columns = found["column"].to_numpy().astype(np.int64)
    documents = np.bincount(columns)
    weights = (np.log((1 + len(texts)) / (1 + documents)) + 1)[columns].astype(np.float32)
    norms = np.sqrt(np.bincount(rows, weights.astype(np.float64) ** 2, len(texts)))
    data = weights / norms[rows].astype(np.float32)
    matrix = sparse.csr_matrix((data, (rows, columns)), shape=(len(texts), len(documents)))
    out = VectorPair(matrix[: len(left)], matrix[len(left) :]).cosine(pairs.left, pairs.right)
    out[~(held[: len(left)][pairs.left] & held[len(left) :][pairs.right])] = np.nan
    return out

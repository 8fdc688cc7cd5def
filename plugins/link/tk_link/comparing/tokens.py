"""Numbers inside text: house numbers, sizes, volumes, and whether two rows hold the same ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tk_link.candidates import Pairs
from tk_link.ngrams import VectorPair

_NUMBER = r"\b\d+(?:\.\d+)?\p{L}?\b"
_LEAST_SHARE = 0.3
"""Share of rows on each side that must hold a number before numbers are evidence at all."""


@dataclass(frozen=True)
class Numbers:
    """How many rows of a sample hold each number.

    Attributes:
        known: The number tokens.
        rows: Rows that hold each.
        texts: Rows in the sample.
    """

    known: pl.Series
    rows: NDArray[np.int64]
    texts: int

    @classmethod
    def count(cls, texts: pl.Series) -> Numbers | None:
        """Count a sample; None where too few rows hold a number."""
        found = _tokens(texts)
        if found["row"].n_unique() < _LEAST_SHARE * len(texts):
            return None
        counts = found.group_by("token").len("n").sort("token")
        return cls(counts["token"], counts["n"].to_numpy().astype(np.int64), len(texts))

    def weights(self, tokens: pl.Series) -> NDArray[np.float32]:
        """Return the weight of each token."""
        counts = pl.DataFrame({"token": self.known, "n": self.rows})
        asked = pl.DataFrame({"token": tokens}).join(
            counts, on="token", how="left", maintain_order="left"
        )
        return _rarity(asked["n"].fill_null(0).to_numpy(), self.texts).astype(np.float32)


def similarity(
    left: pl.Series, right: pl.Series, pairs: Pairs, numbers: Numbers | None = None
) -> NDArray[np.float32] | None:
    """Return the cosine of the rows' number tokens, rare ones counting more; NaN without numbers.

    None means that too few rows hold numbers for them to say anything; with ``numbers``, counted on
    a sample, that is known already.
    """
    texts = pl.concat([left, right])
    found = _tokens(texts).with_columns(pl.col("token").rank("dense").alias("column") - 1)
    rows = found["row"].to_numpy().astype(np.int64)
    held = np.bincount(rows, minlength=len(texts)) > 0
    if numbers is None and min(held[: len(left)].mean(), held[len(left) :].mean()) < _LEAST_SHARE:
        return None
    columns = found["column"].to_numpy().astype(np.int64)
    documents = np.bincount(columns)
    if numbers is None:
        weights = _rarity(documents, len(texts))[columns].astype(np.float32)
    else:
        weights = numbers.weights(found["token"])
    norms = np.sqrt(np.bincount(rows, weights.astype(np.float64) ** 2, len(texts)))
    data = weights / norms[rows].astype(np.float32)
    matrix = sparse.csr_matrix((data, (rows, columns)), shape=(len(texts), len(documents)))
    out = VectorPair(matrix[: len(left)], matrix[len(left) :]).cosine(pairs.left, pairs.right)
    out[~(held[: len(left)][pairs.left] & held[len(left) :][pairs.right])] = np.nan
    return out


def _tokens(texts: pl.Series) -> pl.DataFrame:
    """Return the number tokens of texts as columns ``row`` and ``token``, each pair once."""
    return (
        pl.DataFrame({"text": texts.str.to_lowercase()})
        .with_row_index("row")
        .select("row", pl.col("text").str.extract_all(_NUMBER).alias("token"))
        .explode("token")
        .drop_nulls()
        .unique()
    )


def _rarity(rows: NDArray[np.int64], texts: int) -> NDArray[np.float64]:
    return np.asarray(np.log((1 + texts) / (1 + rows)) + 1)

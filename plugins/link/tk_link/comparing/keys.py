"""Codes, phone numbers and e-mail addresses: equal, nearly equal, or alike where it counts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from tk_link.candidates import Pairs

CONTAINED, SAME_MAILBOX = 0.9, 0.95
PHONE_DIGITS = 9
"""Digits from the right that identify a subscriber whatever prefix was written."""


def code(
    left: pl.Series, right: pl.Series, pairs: Pairs, *, threads: int = 1
) -> NDArray[np.float32]:
    """Compare codes normalised by `tk_link.normalise.code`: 1 − edit distance / length.

    At least .9 where one contains the other with four characters or more.
    """
    a, b = left.gather(pairs.left), right.gather(pairs.right)
    score = _edit(a, b, threads)
    shorter = np.minimum(_lengths(a), _lengths(b))
    inside = _inside(a, b) & (shorter >= 4)
    return _with_missing(np.where(inside & (score < CONTAINED), CONTAINED, score), a, b)


def phone(
    left: pl.Series, right: pl.Series, pairs: Pairs, *, threads: int = 1
) -> NDArray[np.float32]:
    """Compare the last nine digits of phone numbers."""
    a = left.str.tail(PHONE_DIGITS).gather(pairs.left)
    b = right.str.tail(PHONE_DIGITS).gather(pairs.right)
    return _with_missing(_edit(a, b, threads), a, b)


def email(
    left: pl.Series, right: pl.Series, pairs: Pairs, *, threads: int = 1
) -> NDArray[np.float32]:
    """Compare e-mail addresses: equal 1, same mailbox at another domain .95, else below .9.

    That is the edit similarity of the mailboxes times .9.
    """
    a, b = left.gather(pairs.left), right.gather(pairs.right)
    boxes = (values.str.replace(r"@.*$", "") for values in (left, right))
    mailbox = _edit(next(boxes).gather(pairs.left), next(boxes).gather(pairs.right), threads)
    score = np.where(mailbox == 1.0, SAME_MAILBOX, 0.9 * mailbox)
    equal = (a == b).fill_null(False).to_numpy()
    return _with_missing(np.where(equal, 1.0, score), a, b)


def _edit(a: pl.Series, b: pl.Series, threads: int) -> NDArray[np.float64]:
    """Return 1 − edit distance / length; only values that differ are looked at letter by letter."""
    a, b = a.fill_null(""), b.fill_null("")
    unequal = np.flatnonzero((a != b).to_numpy())
    first, second = a.gather(unequal).to_list(), b.gather(unequal).to_list()
    out = np.ones(len(a))
    out[unequal] = process.cpdist(
        first, second, scorer=OSA.normalized_similarity, workers=threads, dtype=np.float64
    )
    return out


def _lengths(values: pl.Series) -> NDArray[np.int64]:
    return np.asarray(values.str.len_chars().fill_null(0).to_numpy(), dtype=np.int64)


def _inside(a: pl.Series, b: pl.Series) -> NDArray[np.bool_]:
    frame = pl.DataFrame({"a": a, "b": b})
    either = pl.col("a").str.contains(pl.col("b"), literal=True) | pl.col("b").str.contains(
        pl.col("a"), literal=True
    )
    return np.asarray(frame.select(either.fill_null(False)).to_series().to_numpy())


def _with_missing(score: NDArray[np.float64], a: pl.Series, b: pl.Series) -> NDArray[np.float32]:
    out = score.astype(np.float32)
    out[(a.is_null() | b.is_null()).to_numpy()] = np.nan
    return out

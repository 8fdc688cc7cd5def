"""Rows of two tables that are surely alike, found before anything is known about their columns.

Rows that share several rare words, whatever the columns, mostly mean the same thing; what their
cells have in common tells which columns correspond (Bilke and Naumann, Schema Matching using
Duplicates, ICDE 2005). That holds across languages, spellings of dates, units, and where one table
keeps in one column what the other keeps in several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link import normalise
from tk_link.comparing import measures
from tk_link.fields import FieldType
from tk_link.tables import Table

_MOST_LEFT, _MOST_RIGHT = 5_000, 50_000
"""Rows looked at, spread over each table."""
_RARE = 20
"""A word in more rows than this of either side says too little."""
_TRIES = ((3, 1), (2, 1), (2, 4))
"""Rare words that two rows must share, and how many may be equally near to a row. The laxer are
tried only where the stricter leave too few pairs; of four, one may be right."""
_MOST_PAIRS = 1_000
ENOUGH = 30
"""Row pairs below which they prove nothing."""


@dataclass(frozen=True)
class Cells:
    """The columns of the paired rows of one table, row by row.

    Attributes:
        words: Words of each cell, by column; none where it is empty.
        numbers: First number of each cell, by column; NaN where there is none.
    """

    words: dict[str, list[frozenset[str]]]
    numbers: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Witnesses:
    """Rows that are surely alike.

    Attributes:
        left: Cells of their left rows.
        right: Cells of their right rows.
        sure: Share of the pairs that can be right, 0..1: of rows that are equally near, one is.
    """

    left: Cells
    right: Cells
    sure: float


def witnesses(
    left: Table, right: Table, lefts: dict[str, FieldType], rights: dict[str, FieldType]
) -> Witnesses | None:
    """Return rows that are surely alike; None where fewer than `ENOUGH` are.

    Args:
        left: Left table.
        right: Right table.
        lefts: Its columns to look at, and their types.
        rights: Likewise for the right table.
    """
    sides = _sampled(left, lefts, _MOST_LEFT), _sampled(right, rights, _MOST_RIGHT)
    pairs = _alike(_rare_words(sides[0]), _rare_words(sides[1]))
    if len(pairs) < ENOUGH:
        return None
    ties = pl.max_horizontal(pl.len().over("left"), pl.len().over("right"))
    return Witnesses(
        _cells(sides[0][pairs["left"]], lefts),
        _cells(sides[1][pairs["right"]], rights),
        sure=float(pairs.select((1 / ties).mean()).item()),
    )


def _sampled(table: Table, columns: dict[str, FieldType], most: int) -> pl.DataFrame:
    """Return the spelled text of up to `most` rows, spread over the table."""
    text = table.text.select(list(columns))
    step = -(-len(text) // most)
    text = text.gather_every(step)
    return pl.DataFrame([spelled(text[n], type_).alias(n) for n, type_ in columns.items()])


def spelled(values: pl.Series, type: FieldType) -> pl.Series:
    """Return values in words that are alike where they mean the same.

    A date is three numbers, a number one word: its decimals alone would be alike by chance.
    """
    plain = normalise.text(values)
    if type == "date":
        return normalise.dates(values).dt.strftime("%Y %m %d").fill_null(plain)
    if type == "number":
        whole = measures.numbers(values).cast(pl.String).str.strip_suffix(".0")
        return whole.fill_null(plain)
    return plain


def _rare_words(text: pl.DataFrame) -> pl.DataFrame:
    """Return columns ``row`` and ``word``: each rare word of a row once."""
    joined = text.select(word=pl.concat_str(pl.all(), separator=" ", ignore_nulls=True))
    words = joined.with_row_index("row").with_columns(pl.col("word").str.split(" "))
    words = words.explode("word").filter(pl.col("word").str.len_chars() > 1).unique()
    return words.filter(pl.len().over("word") <= _RARE)


def _alike(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Return columns ``left`` and ``right``: rows that are each other's best by rare words."""
    weights = pl.concat([left, right]).group_by("word").agg(weight=1 / pl.len())
    shared = left.join(right, on="word", suffix="_right").join(weights, on="word")
    scored = shared.group_by(left="row", right="row_right").agg(
        score=pl.col("weight").sum().round(9),
        shared=pl.len(),  # whatever the order of summing
    )
    for least, most in _TRIES:
        best = _mutual(scored.filter(pl.col("shared") >= least), most)
        if len(best) >= ENOUGH:
            break
    order = ["score", "left", "right"]
    return best.sort(order, descending=[True, False, False]).head(_MOST_PAIRS)


def _mutual(scored: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the pairs that are the best of both their rows, of rows with up to `most` best."""
    for side in ("left", "right"):
        is_best = pl.col("score") == pl.col("score").max().over(side)
        scored = scored.filter(is_best & (is_best.sum().over(side) <= most))
    return scored


def _cells(rows: pl.DataFrame, columns: dict[str, FieldType]) -> Cells:
    # Sets of words of up to `_MOST_PAIRS` rows, for Python's set operations.
    words = {
        name: [frozenset(text.split()) if text else frozenset() for text in rows[name].to_list()]
        for name in columns
    }
    numbers = {name: normalise.numbers(rows[name]).to_numpy() for name in columns}
    return Cells(words, numbers)

"""One row for each cluster, merged from its rows: every cell from the row that a rule prefers.

Cells are never made up: each is one that stands in a row of the cluster, in its own type.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from tk_link import normalise
from tk_link.dedupe.config import EVERY, split_rule
from tk_link.tables import Table

_CLUSTER, _ROW, _FILLED, _TEXT = "cluster", "row", "filled", "text"
_DEFAULT = "most-complete"
_READABLE = 0.8
"""Share of the values of a dating column that must read as dates, or numbers, to be ordered so."""


def merge(
    table: Table,
    rows: pl.DataFrame,
    rules: Sequence[tuple[str, str]] = (),
    *,
    whole: Collection[str] = (),
) -> pl.DataFrame:
    """Return one row for each cluster, in the order of their first rows.

    Where a rule has several rows to choose from, the first of them gives the cell; an empty cell
    is taken only where all are empty.

    * ``most-complete``: the row with most cells filled.
    * ``longest``: the longest text.
    * ``mode``: the value that most rows have.
    * ``latest:COLUMN``: the row whose date, number or text in that column is greatest.
    * ``source``: the first row, of the first file.

    Args:
        table: The rows.
        rows: `tk_link.dedupe.clustering.Clustering.rows` of the table.
        rules: Rule by column; `EVERY` is for the columns without one of their own, which get
            ``most-complete`` else.
        whole: Columns that `EVERY` does not reach, because they belong to a row and not to an
            entity; they come from the canonical row.
    """
    named = dict(rules)
    every = named.pop(EVERY, _DEFAULT)
    of = {c: named.get(c, _DEFAULT if c in whole else every) for c in table.columns}
    filled = table.text.select(pl.sum_horizontal(pl.all().is_not_null()).alias(_FILLED))
    work = pl.DataFrame([rows[_CLUSTER], filled.to_series()]).with_row_index(_ROW)
    dates = {
        column: order(table, column)
        for column in {split_rule(rule)[1] for rule in of.values()}
        if column is not None
    }
    return pl.DataFrame(
        [
            table.frame[column].gather(_chosen(work, table.text[column], rule, dates))
            for column, rule in of.items()
        ]
    )


def _chosen(
    work: pl.DataFrame, text: pl.Series, rule: str, dates: Mapping[str, pl.Series]
) -> pl.Series:
    """Return the row that gives each cluster's cell."""
    name, dating = split_rule(rule)
    match name:
        case "most-complete":
            worth = pl.col(_FILLED)
        case "longest":
            worth = pl.col(_TEXT).str.len_chars()
        case "mode":
            worth = pl.len().over(_CLUSTER, _TEXT)
        case "latest":
            worth = pl.lit(dates[dating or ""])
        case "source":
            worth = pl.lit(0)
    scored = work.with_columns(text.alias(_TEXT)).with_columns(
        # 0 is less than any: first comes an empty cell, then an undated one.
        worth=pl.when(pl.col(_TEXT).is_not_null()).then(worth.cast(pl.Int64).fill_null(0) + 1)
    )
    best = scored.sort(_CLUSTER, "worth", _ROW, descending=[False, True, False], nulls_last=True)
    return best.unique(_CLUSTER, keep="first", maintain_order=True)[_ROW]


def order(table: Table, column: str) -> pl.Series:
    """Return the rank of each row by a column's date, number or text; null where it is empty."""
    values, texts = table.frame[column], table.text[column]
    if values.dtype.is_float():
        values = values.fill_nan(None)
    elif not (values.dtype.is_temporal() or values.dtype.is_integer()):
        filled = max(texts.count(), 1)
        iso = texts.str.contains(r"^\s*\d{4}-\d\d-\d\d").sum()
        read = (texts, normalise.dates(texts), normalise.numbers(texts))
        is_readable = (iso == filled, *(r.count() >= _READABLE * filled for r in read[1:]))
        values = next((r for r, fits in zip(read, is_readable, strict=True) if fits), texts)
    return values.rank("dense").cast(pl.Int64)

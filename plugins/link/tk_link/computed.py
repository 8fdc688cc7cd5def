"""Columns made of others, as ``--on`` writes them: ``first+last`` joined, ``grams*0.001``.

They live in the text view alone: what the user gave is not changed, and no such column is written.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

import polars as pl

from tk_link.comparing import measures
from tk_link.tables import Table


@dataclass(frozen=True)
class Computed:
    """How a column is made.

    Attributes:
        parts: The columns that are joined, with blanks between, in this order.
        factor: What the number in the only part is multiplied with; None leaves text as it is.
    """

    parts: tuple[str, ...]
    factor: float | None = None


def parse(column: str, known: Container[str]) -> Computed:
    """Read a column as ``--on`` names it; the name of a known column stands for itself."""
    if column in known:
        return Computed((column,))
    name, star, factor = column.rpartition("*")
    if star and _is_number(factor):
        return Computed((name.strip(),), float(factor))
    if "+" in column:
        return Computed(tuple(part.strip() for part in column.split("+")))
    return Computed((column,))


def parts_of(columns: Iterable[str], table: Table) -> set[str]:
    """Return the table's own columns that `columns` are made of."""
    return {part for column in columns for part in parse(column, table.columns).parts}


def with_computed(table: Table, columns: Iterable[str]) -> Table:
    """Return `table` with all of `columns` in its text view."""
    made = [
        values(table, parse(column, table.columns)).alias(column)
        for column in dict.fromkeys(columns)
        if column not in table.text.columns
    ]
    return replace(table, text=table.text.with_columns(made)) if made else table


def values(table: Table, computed: Computed) -> pl.Series:
    """Return the values of a computed column; null where all parts are missing."""
    text = table.text
    if computed.factor is not None:
        number = measures.numbers(text[computed.parts[0]]) * computed.factor
        return number.round_sig_figs(12).cast(pl.String)
    if len(computed.parts) == 1:
        return text[computed.parts[0]]
    joined = pl.concat_str(computed.parts, separator=" ", ignore_nulls=True)
    filled = pl.any_horizontal(pl.col(computed.parts).is_not_null())
    return text.select(joined=pl.when(filled).then(joined)).to_series()


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False

"""The rows of a pair as a person sees them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tk.errors import InputError
from tk_link.auditing.population import Population
from tk_link.tables import Table

_FOUND = 0.5
_WIDEST = 60


@dataclass(frozen=True)
class Side:
    """One table, by what its rows are called.

    Attributes:
        columns: Its columns.
        cells: Row of each id, as text; null where a cell is empty.
    """

    columns: tuple[str, ...]
    cells: dict[str, tuple[str | None, ...]]

    def row(self, id_: str) -> tuple[str | None, ...]:
        """Return the cells of a row; blanks for an id that the table does not hold."""
        return self.cells.get(id_, (None,) * len(self.columns))


def find_rows(table: Table, ids: pl.Series, column: str | None) -> Side:
    """Find the rows that ids name.

    Args:
        table: The table.
        ids: Ids of the sampled pairs, as text.
        column: Column that holds them; None looks for the one that holds most of them, or takes
            row numbers from 0.

    Raises:
        InputError: Less than half of the ids are in the table.
    """
    wanted = ids.unique()
    named = table.text.with_columns(pl.int_range(pl.len()).cast(pl.String).alias("\0row"))
    names = [column] if column is not None else named.columns
    held = [len(wanted.filter(wanted.is_in(named[n].drop_nulls().implode()))) for n in names]
    best = names[held.index(max(held))]
    if max(held) < _FOUND * len(wanted):
        raise InputError(
            f"{table.name} holds {max(held):,} of the {len(wanted):,} sampled ids (such as "
            f"{wanted.sort()[0]!r}); is it the table that the pairs were made from? "
            "Name its id column with --left-id or --right-id"
        )
    rows = named.filter(named[best].is_in(wanted.implode())).unique(best, keep="first")
    whole = rows.select(pl.col(best).alias("\0id"), *table.text.columns).rows()
    cells = {str(row[0]): row[1:] for row in whole}  # of the sample
    return Side(tuple(table.columns), cells)


@dataclass(frozen=True)
class Shown:
    """The rows behind a sample; `right` is `left` where all rows are of one table."""

    left: Side
    right: Side


def card(population: Population, at: int, shown: Shown) -> list[str]:
    """Put the two rows of a pair beside each other, a line for each column that has a value."""
    left, right = shown.left.row(population.left[at]), shown.right.row(population.right[at])
    names: dict[str, list[str]] = {}
    for side, (columns, cells) in enumerate(
        ((shown.left.columns, left), (shown.right.columns, right))
    ):
        for name, cell in zip(columns, cells, strict=True):
            names.setdefault(name, ["", ""])[side] = " ".join((cell or "").split())
    filled = {name: pair for name, pair in names.items() if any(pair)}
    margin = max((len(name) for name in filled), default=0)
    width = min(max((len(pair[0]) for pair in filled.values()), default=0), _WIDEST)
    return [
        f"{name:<{margin}}  {_cut(one):<{width}}  {_cut(other)}"
        for name, (one, other) in filled.items()
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"

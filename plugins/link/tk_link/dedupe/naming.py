"""Which column names rows, and what each row is called: ``17``, or ``crm.csv:17`` of several files.

A name depends on the row and its file alone, so that it stays when rows are appended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from tk_link.profile import Profile, profile
from tk_link.tables import Table


def profile_stacked(table: Table, source: str | None) -> dict[str, Profile]:
    """Profile every column; one that names the rows of each file gets the role ``id`` as well.

    Ids of two files may collide, which must not count as evidence.
    """
    profiles = profile(table)
    if source is None or source not in table.columns:
        return profiles
    filled, named = Counter[str](), Counter[str]()
    for _, part in table.text.drop(source).group_by(table.text[source]):  # one a file
        if len(part) > 1:
            found = profile(Table(table.name, part, part)).values()
            filled.update(p.name for p in found if p.role != "empty")
            named.update(p.name for p in found if p.role == "id")
    ids = {name for name, count in named.items() if count == filled[name]} - {source}
    return {n: replace(p, role="id") if n in ids else p for n, p in profiles.items()}


def id_column(profiles: Mapping[str, Profile]) -> str | None:
    """Return the column that names every row, or None where none does."""
    return next((p.name for p in profiles.values() if p.role == "id" and p.filled == 1), None)


def namings(table: Table, id: str | None, source: str | None) -> tuple[pl.Series, pl.Series]:
    """Return what each row is called, and what it is called inside its own file; null if nothing.

    Args:
        table: The table.
        id: Column that names rows; None finds one.
        source: Column of the file names, if there is one.
    """
    column = id or id_column(profile_stacked(table, source))
    nothing = pl.repeat(None, pl.len(), dtype=pl.String)
    own = table.text.select(own=nothing if column is None else pl.col(column)).to_series()
    return row_names(table, column, source), own


def row_names(table: Table, column: str | None, source: str | None) -> pl.Series:
    """Return what each row is called, as text.

    Args:
        table: The table.
        column: Column that names rows; None takes row numbers, counted from 0 in each file.
        source: Column of the file names, which go before the row's own; None leaves them out.
    """
    number = pl.int_range(pl.len())
    own = (
        pl.col(column) if column is not None else number if source is None else number.over(source)
    )
    name = own.cast(pl.String)
    if source is not None:
        name = pl.concat_str(pl.col(source).fill_null(""), name, separator=":")
    return table.text.select(name=name).to_series()

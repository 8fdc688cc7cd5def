"""Column names in the options, checked against the tables."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from tk.errors import InputError
from tk.suggest import not_found
from tk_link.computed import parse
from tk_link.config import LinkConfig
from tk_link.tables import Table


def check_columns(config: LinkConfig, left: Table, right: Table) -> None:
    """Check that every column that `config` names exists and that the given ids are unique.

    Raises:
        InputError: A column is unknown (the nearest is suggested), or an id repeats or is blank.
    """
    for left_column, right_column in config.on or ():
        for column, table in ((left_column, left), (right_column, right)):
            for part in parse(column, table.columns).parts:
                check_known(part, table)
    for column in _rule_columns(config):
        _check_known_somewhere(column, left, right)
    for id_column, table in ((config.left_id, left), (config.right_id, right)):
        if id_column is not None:
            check_known(id_column, table)
            check_unique(id_column, table)


def _rule_columns(config: LinkConfig) -> Iterable[str]:
    yield from (column for column, _ in config.types)
    yield from (column for column, _ in config.weights)
    yield from config.require
    yield from config.forbid_conflict
    for group in config.block:
        yield from group


def check_known(column: str, table: Table) -> None:
    """Raise `InputError` where `table` has no such column; the nearest is suggested."""
    if column not in table.columns:
        raise InputError(f"{table.name}: {not_found('column', column, table.columns)}")


def _check_known_somewhere(column: str, left: Table, right: Table) -> None:
    known = list(dict.fromkeys([*left.columns, *right.columns]))
    for part in parse(column, known).parts:
        if part not in known:
            raise InputError(f"{left.name}, {right.name}: {not_found('column', part, known)}")


def check_unique(column: str, table: Table) -> None:
    """Raise `InputError` where the column is blank in a row or repeats a value."""
    ids = table.text.select(value=pl.col(column)).with_row_index("row")
    blank = ids.filter(pl.col("value").is_null())
    if not blank.is_empty():
        raise InputError(
            f"{table.name}: id column {column!r} is blank in row {blank['row'][0]} "
            "(the first row is 0); name a column that is filled, or none"
        )
    repeated = ids.filter(pl.col("value").is_duplicated())
    if repeated.is_empty():
        return
    value = repeated["value"][0]
    rows = repeated.filter(pl.col("value") == value)["row"]
    raise InputError(
        f"{table.name}: id {value!r} in column {column!r} repeats, in rows {rows[0]} and {rows[1]} "
        "(the first row is 0); name a column whose values are unique, or none"
    )

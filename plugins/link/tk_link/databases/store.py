"""What every kind of database can do here, and the one error in which each says that it cannot."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import polars as pl

from tk_link.databases.address import Address


class Fault(Exception):
    """What the database said, in one line and without passwords."""


class Store(Protocol):
    """An open database. Every method raises `Fault`."""

    def tables(self) -> dict[str, str]:
        """Return the name of every table and view, and how SQL writes it."""

    def read(self, query: str) -> pl.DataFrame:
        """Run a query and return its rows; a missing value is null, nothing is rounded."""

    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of a table, given as SQL writes it, and their types."""

    def create(self, frame: pl.DataFrame, table: str) -> None:
        """Make an empty table, given as SQL writes it, for the columns of `frame`."""

    def drop(self, table: str) -> None:
        """Drop a table, given as SQL writes it."""

    def insert(self, frame: pl.DataFrame, table: str) -> None:
        """Add the rows of `frame` to a table, given as SQL writes it."""

    def written(self, name: str) -> str:
        """Return how SQL writes the name of a table that may not exist yet."""


def open_store(address: Address, *, writable: bool = False) -> AbstractContextManager[Store]:
    """Open a database, for reading only unless `writable`.

    What is written is one transaction: it is there when the block ends well and not at all if not.

    Raises:
        MissingExtraError: Its driver is not installed.
        Fault: It cannot be opened.
    """
    # Each driver is imported where its kind of database is used.
    if address.kind == "sqlite":
        from tk_link.databases import sqlite  # noqa: PLC0415

        return sqlite.opened(address, writable=writable)
    if address.kind == "duckdb":
        from tk_link.databases import duck  # noqa: PLC0415

        return duck.opened(address, writable=writable)
    from tk_link.databases import postgres  # noqa: PLC0415

    return postgres.opened(address, writable=writable)


def quoted(name: str) -> str:
    """Write a name as SQL does, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def first_line(error: BaseException) -> str:
    """Return what a driver said, on one line."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    return next((line for line in lines if line), type(error).__name__)

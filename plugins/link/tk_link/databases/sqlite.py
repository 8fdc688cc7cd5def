"""SQLite files, through Python's own driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from urllib.parse import quote

import polars as pl

from tk_link.databases.address import Address
from tk_link.databases.store import Fault, first_line, quoted
from tk_link.textview import text_view

_CHUNK = 50_000
_EXACT = 2**53
"""Beyond this a float does not name one integer."""
_WAIT = 10.0
"""Seconds that another program's lock is waited for."""


@contextmanager
def opened(address: Address, *, writable: bool) -> Iterator[SqliteStore]:
    """Open the file; see `tk_link.databases.store.open_store`."""
    existed = address.path.exists()
    if not existed and not writable:
        raise Fault("there is no such file")
    mode = "rwc" if writable else "ro"
    url = f"file:{quote(str(address.path))}?mode={mode}"
    done = False
    try:
        connection = sqlite3.connect(url, uri=True, isolation_level=None, timeout=_WAIT)
        with closing(connection):
            connection.execute("BEGIN IMMEDIATE" if writable else "BEGIN")
            yield SqliteStore(connection)
            connection.execute("COMMIT")  # an error before leaves all as it was
            done = True
    except sqlite3.Error as error:
        raise Fault(first_line(error)) from error
    finally:
        if writable and not existed and not done:
            address.path.unlink(missing_ok=True)


class SqliteStore:
    """An open SQLite database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tables(self) -> dict[str, str]:
        """Return tables and views."""
        rows = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            r"AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name"
        )
        return {name: quoted(name) for (name,) in rows}

    def read(self, query: str) -> pl.DataFrame:
        """Run a query. A column of several kinds of values becomes text."""
        cursor = self._connection.execute(query)
        if cursor.description is None:
            raise Fault("the statement returns no rows")
        names = [column[0] for column in cursor.description]
        parts: list[list[pl.Series]] = [[] for _ in names]
        while rows := cursor.fetchmany(_CHUNK):
            for part, values in zip(parts, zip(*rows, strict=True), strict=True):
                part.append(_series(values))
        return pl.DataFrame([_united(part).alias(str(n)) for n, part in enumerate(parts)]).rename(
            _distinct(names)
        )

    def columns(self, table: str) -> dict[str, str]:
        """Return columns with their declared types."""
        rows = self._connection.execute(f"PRAGMA table_info({table})")
        return {row[1]: row[2] for row in rows}

    def create(self, frame: pl.DataFrame, table: str) -> None:
        """Make an empty table."""
        columns = ", ".join(f"{quoted(n)} {_type(t)}" for n, t in frame.schema.items())
        self._connection.execute(f"CREATE TABLE {table} ({columns})")

    def drop(self, table: str) -> None:
        """Drop a table."""
        self._connection.execute(f"DROP TABLE {table}")

    def insert(self, frame: pl.DataFrame, table: str) -> None:
        """Add rows; what SQLite has no type for goes in as text."""
        plain = [n for n, t in frame.schema.items() if t != pl.Binary and _type(t) == "TEXT"]
        frame = frame.with_columns(_text_cells(frame.select(plain)))
        names = ", ".join(quoted(name) for name in frame.columns)
        marks = ", ".join("?" * frame.width)
        # The driver takes rows as Python tuples; they are made piece by piece.
        for piece in frame.iter_slices(_CHUNK):
            self._connection.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})", piece.iter_rows()
            )

    def written(self, name: str) -> str:
        """Quote the name."""
        return quoted(name)


def _series(values: Sequence[object]) -> pl.Series:
    """Make a column of the values of up to `_CHUNK` rows."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {int}:
        return pl.Series(values, dtype=pl.Int64 if kinds else pl.Null)
    if kinds == {bytes}:
        return pl.Series(values, dtype=pl.Binary)
    large = any(isinstance(value, int) and abs(value) > _EXACT for value in values)
    if kinds <= {int, float} and not large:
        return pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.Series([_text(value) for value in values], dtype=pl.String)


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return None if value is None else str(value)


def _united(parts: list[pl.Series]) -> pl.Series:
    """Put the pieces of a column under one another, as text where they are of several kinds."""
    kinds = {part.dtype for part in parts} - {pl.Null()}
    if len(kinds) > 1:
        parts = [text_view(part.to_frame()).to_series() for part in parts]
    return pl.concat(parts, how="vertical_relaxed") if parts else pl.Series(dtype=pl.String)


def _distinct(names: Sequence[str]) -> dict[str, str]:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Fault(f"two columns are named {twice!r}; give one another name (… AS …)")
    return {str(n): name for n, name in enumerate(names)}


def _type(dtype: pl.DataType) -> str:
    if dtype == pl.Boolean:
        return "BOOLEAN"
    if dtype.is_integer() and dtype not in (pl.UInt64, pl.Int128, pl.UInt128):
        return "INTEGER"
    if dtype.is_float():
        return "REAL"
    return "BLOB" if dtype == pl.Binary else "TEXT"


def _text_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` as text, its blank strings kept."""
    strings = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    return text_view(frame).with_columns(frame.select(strings))

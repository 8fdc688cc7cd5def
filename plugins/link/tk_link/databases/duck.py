"""DuckDB files. Rows are handed over in a temporary Parquet file.

Arrow streams would need no file, but consuming one makes DuckDB 2.0 print pages about leaked
instances when Python ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tk.errors import MissingExtraError
from tk_link.databases.address import Address
from tk_link.databases.store import Fault, first_line, quoted

try:
    import duckdb
except ImportError as error:
    raise MissingExtraError("reading and writing DuckDB databases", "duckdb") from error

_TAKEN = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "BLOB", "DATE", "TIME", "TIMESTAMP",
)  # fmt: skip
"""Types that polars takes as they are; all others (intervals, maps, …) are read as text."""


@contextmanager
def opened(address: Address, *, writable: bool) -> Iterator[DuckStore]:
    """Open the file; see `tk_link.databases.store.open_store`."""
    existed = address.path.exists()
    if not existed and not writable:
        raise Fault("there is no such file")
    done = False
    try:
        with closing(duckdb.connect(str(address.path), read_only=not writable)) as connection:
            connection.execute("BEGIN")
            yield DuckStore(connection)
            connection.execute("COMMIT")
            done = True
    except duckdb.Error as error:
        raise Fault(_reason(error)) from error
    finally:
        if writable and not existed and not done:
            address.path.unlink(missing_ok=True)


class DuckStore:
    """An open DuckDB database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def tables(self) -> dict[str, str]:
        """Return tables and views; those of other schemas than ``main`` with their schema."""
        rows = self._connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = current_database() ORDER BY ALL"
        ).fetchall()
        return {
            name if schema == "main" else f"{schema}.{name}": f"{quoted(schema)}.{quoted(name)}"
            for schema, name in rows
        }

    def read(self, query: str) -> pl.DataFrame:
        """Run a query."""
        found = self._connection.sql(query)
        if found is None:
            raise Fault("the statement returns no rows")
        twice = next((name for name in found.columns if found.columns.count(name) > 1), None)
        if twice is not None:
            raise Fault(f"two columns are named {twice!r}; give one another name (… AS …)")
        columns = [
            quoted(name) if str(type_).startswith(_TAKEN) and not str(type_).endswith("]")
            else f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}"
            for name, type_ in zip(found.columns, found.types, strict=True)
        ]  # fmt: skip
        with _handover() as file:
            found.project(", ".join(columns)).write_parquet(str(file))
            return pl.read_parquet(file, memory_map=False)

    def columns(self, table: str) -> dict[str, str]:
        """Return columns with their types."""
        rows = self._connection.execute(f"DESCRIBE {table}").fetchall()
        return {row[0]: row[1] for row in rows}

    def create(self, frame: pl.DataFrame, table: str) -> None:
        """Make an empty table of the types that DuckDB gives the columns."""
        self._from_frame(f"CREATE TABLE {table} AS", frame.head(0))

    def drop(self, table: str) -> None:
        """Drop a table."""
        self._connection.execute(f"DROP TABLE {table}")

    def insert(self, frame: pl.DataFrame, table: str) -> None:
        """Add rows by the names of their columns."""
        self._from_frame(f"INSERT INTO {table} BY NAME", frame)

    def written(self, name: str) -> str:
        """Quote the name; the part before a dot is a schema where there is such a one."""
        schema, dot, table = name.partition(".")
        rows = self._connection.execute(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", [schema]
        ).fetchall()
        return f"{quoted(schema)}.{quoted(table)}" if dot and rows else quoted(name)

    def _from_frame(self, statement: str, frame: pl.DataFrame) -> None:
        durations = pl.selectors.duration().dt.to_string("iso")  # Parquet has none
        with _handover() as file:
            frame.with_columns(durations).write_parquet(file)
            self._connection.execute(f"{statement} SELECT * FROM read_parquet(?)", [str(file)])


@contextmanager
def _handover() -> Iterator[Path]:
    with TemporaryDirectory(prefix="tk-") as folder:
        yield Path(folder) / "rows.parquet"


def _reason(error: duckdb.Error) -> str:
    """Return the first line, with DuckDB's own suggestion where it has one."""
    said = first_line(error)
    hints = [line for line in str(error).splitlines() if line.startswith(("Did you", "Candidate"))]
    return " ".join([said, *hints[:1]])

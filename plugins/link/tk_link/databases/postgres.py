"""PostgreSQL servers, through psycopg; rows travel by COPY, which writes every value as text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import polars as pl

from tk.errors import MissingExtraError
from tk_link.databases.address import Address
from tk_link.databases.store import Fault, first_line, quoted
from tk_link.masking import without_secrets
from tk_link.textview import text_view

try:
    import psycopg
except ImportError as error:
    raise MissingExtraError("reading and writing PostgreSQL databases", "postgres") from error

_CHUNK = 50_000
_WAIT = 15
"""Seconds until a server that does not answer is given up."""
_LOST = (None, "57P01", "57P02", "57P03", "08003", "08006")
"""SQL states of a connection that ended; the driver has none where the server did not say why."""
_LONGEST_NAME = 63
"""Bytes of a name; PostgreSQL cuts what is longer."""

_READ: dict[str, Callable[[pl.Series], pl.Series]] = {
    "int2": lambda values: values.cast(pl.Int16),
    "int4": lambda values: values.cast(pl.Int32),
    "int8": lambda values: values.cast(pl.Int64),
    "float4": lambda values: values.cast(pl.Float32),
    "float8": lambda values: values.cast(pl.Float64),
    "bool": lambda values: values == "t",
    "date": lambda values: values.str.to_date("%Y-%m-%d"),
    "timestamp": lambda values: values.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us"),
}
"""How values of these types are read. All others stay text, ``numeric`` with every digit, and so
do dates that polars has none for (``infinity``, ``44-03-15 BC``)."""

_WRITTEN: tuple[tuple[type[pl.DataType], str], ...] = (
    (pl.Int8, "smallint"), (pl.UInt8, "smallint"), (pl.Int16, "smallint"), (pl.UInt16, "integer"),
    (pl.Int32, "integer"), (pl.UInt32, "bigint"), (pl.Int64, "bigint"), (pl.UInt64, "numeric"),
    (pl.Float32, "real"), (pl.Float64, "double precision"), (pl.Boolean, "boolean"),
    (pl.Date, "date"), (pl.Time, "time"), (pl.Decimal, "numeric"),
)  # fmt: skip


@contextmanager
def opened(address: Address, *, writable: bool) -> Iterator[PostgresStore]:
    """Connect to the server; see `tk_link.databases.store.open_store`."""
    connection = _connected(address)
    try:
        with closing(connection):
            connection.read_only = not writable
            connection.execute("SET datestyle TO ISO")
            yield PostgresStore(connection)
            connection.commit()
    except psycopg.Error as error:
        lost = isinstance(error, psycopg.OperationalError) and error.diag.sqlstate in _LOST
        more = "; the connection was lost and nothing was changed: run it again" if lost else ""
        raise Fault(_reason(error) + more) from error


def _connected(address: Address) -> psycopg.Connection:
    try:
        return psycopg.connect(
            address.where, client_encoding="utf8", application_name="tk", connect_timeout=_WAIT
        )
    except psycopg.Error as error:
        # Not `from error`: the driver quotes what it cannot read, passwords included.
        raise Fault(without_secrets(_reason(error), address.where)) from None


class PostgresStore:
    """A connection to a PostgreSQL database, in one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def tables(self) -> dict[str, str]:
        """Return tables and views; those outside the search path with their schema."""
        rows = self._connection.execute(
            "SELECT n.nspname, c.relname, pg_table_is_visible(c.oid) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') "
            "AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
            r"AND n.nspname NOT LIKE 'pg\_%' ORDER BY 2, 1"
        )
        found: dict[str, str] = {}
        for schema, name, is_visible in rows:
            written = f"{quoted(schema)}.{quoted(name)}"
            found[f"{schema}.{name}"] = written
            if is_visible:
                found[name] = written
        return found

    def read(self, query: str) -> pl.DataFrame:
        """Run a query; it must return rows."""
        names, types = self._described(query)
        # A second column keeps a missing value apart from a blank line.
        extra = ", 1" if len(names) == 1 else ""
        statement = f"COPY (SELECT *{extra} FROM (\n{query}\n) AS tk_query) TO STDOUT (FORMAT csv)"
        data = io.BytesIO()
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in copy:
                data.write(piece)
        return _frame(data, names, types)

    def _described(self, query: str) -> tuple[list[str], list[str]]:
        """Return the names and types of a query's columns; errors point into the query itself."""
        self._connection.execute(f"PREPARE tk_query AS\n{query}")
        statement = f"SELECT * FROM (\n{query}\n) AS tk_query LIMIT 0"
        found = self._connection.execute(statement).description or []
        names = [column.name for column in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise Fault(f"two columns are named {twice!r}; give one another name (… AS …)")
        known = self._connection.adapters.types
        types = [known.get(column.type_code) for column in found]
        return names, [type_.name if type_ is not None else "" for type_ in types]

    def columns(self, table: str) -> dict[str, str]:
        """Return columns with their types."""
        rows = self._connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [table],
        )
        return dict(rows.fetchall())

    def create(self, frame: pl.DataFrame, table: str) -> None:
        """Make an empty table."""
        for name in frame.columns:
            if len(name.encode()) > _LONGEST_NAME:
                raise Fault(f"column {name!r} has more than {_LONGEST_NAME} bytes; shorten it")
        columns = ", ".join(f"{quoted(n)} {_type(t)}" for n, t in frame.schema.items())
        self._connection.execute(f"CREATE TABLE {table} ({columns})")

    def drop(self, table: str) -> None:
        """Drop a table."""
        self._connection.execute(f"DROP TABLE {table}")

    def insert(self, frame: pl.DataFrame, table: str) -> None:
        """Add rows."""
        plain = [name for name, dtype in frame.schema.items() if _is_plain(dtype)]
        frame = frame.with_columns(
            *text_view(frame.select(plain)),
            pl.selectors.binary().bin.encode("hex").str.replace("^", r"\x"),
        )
        names = ", ".join(quoted(name) for name in frame.columns)
        statement = f"COPY {table} ({names}) FROM STDIN (FORMAT csv)"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in frame.iter_slices(_CHUNK):
                copy.write(piece.write_csv(include_header=False).encode())

    def written(self, name: str) -> str:
        """Quote the name; the part before a dot is a schema where there is such a one."""
        schema, dot, table = name.partition(".")
        found = self._connection.execute("SELECT to_regnamespace(%s)", [quoted(schema)]).fetchone()
        is_schema = bool(dot) and found is not None and found[0] is not None
        return f"{quoted(schema)}.{quoted(table)}" if is_schema else quoted(name)


def _frame(data: io.BytesIO, names: list[str], types: list[str]) -> pl.DataFrame:
    if not data.tell():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    data.seek(0)
    frame = pl.read_csv(data, has_header=False, infer_schema=False)
    return pl.DataFrame(
        [
            _typed(column, type_).alias(name)
            for column, name, type_ in zip(frame, names, types, strict=False)
        ]
    )


def _typed(values: pl.Series, type_: str) -> pl.Series:
    try:
        return _READ[type_](values) if type_ in _READ else values
    except pl.exceptions.InvalidOperationError:
        return values


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "timestamptz" if dtype.time_zone else "timestamp"
    if dtype == pl.Binary:
        return "bytea"
    return next((name for kind, name in _WRITTEN if dtype == kind), "text")


def _is_plain(dtype: pl.DataType) -> bool:
    """Tell whether csv has no form for values of a type."""
    return dtype.is_nested() or dtype == pl.Duration


def _reason(error: psycopg.Error) -> str:
    """Return what the server or else the driver said."""
    said = error.diag.message_primary or first_line(error)
    return f"{said} ({error.diag.message_hint})" if error.diag.message_hint else said

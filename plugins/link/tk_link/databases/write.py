"""Write a table into a database: in one transaction, so all of it or nothing."""

from __future__ import annotations

import polars as pl

from tk.errors import OutputError
from tk_link.config import IfExists
from tk_link.databases.address import Address
from tk_link.databases.store import Fault, Store, first_line, open_store

_TEXT = ("char", "text", "clob", "string", "name", "json", "xml", "uuid")


def check_database(address: Address, if_exists: IfExists) -> None:
    """Find out before the work, not after it, whether the table can be written.

    Raises:
        OutputError: No table is named, it exists, or the database cannot be opened for writing.
        MissingExtraError: The driver is not installed.
    """
    if len(address.what.split()) != 1:
        said = "names no table" if not address.what else "is a query"
        raise OutputError(f"output {address.name} {said}; name the table to write: …::linked")
    if address.kind != "postgresql":
        if not address.path.parent.is_dir():
            raise OutputError(
                f"{address.name} cannot be written: folder {address.path.parent} does not exist"
            )
        if not address.path.exists():
            return
    try:
        with open_store(address, writable=True) as store:
            _existing(address, store, if_exists)
    except Fault as fault:
        raise OutputError(f"{address.name} cannot be written: {fault}") from fault


def write_database(frame: pl.DataFrame, address: Address, if_exists: IfExists) -> None:
    """Write `frame` as a table, whole or not at all.

    Raises:
        OutputError: The table exists and `if_exists` is ``fail``, it has other columns, or the
            database refuses; nothing is changed then.
    """
    try:
        with open_store(address, writable=True) as store:
            there = _existing(address, store, if_exists)
            if there is not None and if_exists == "append":
                _check_fits(frame, store.columns(there), address)
                store.insert(frame, there)
                return
            if there is not None:
                store.drop(there)
            table = there or store.written(address.what)
            store.create(frame, table)
            if list(store.columns(table)) != frame.columns:
                raise Fault("names of columns differ in case only; rename one")
            store.insert(frame, table)
    except Fault as fault:
        raise OutputError(f"{address.name} cannot be written: {fault}") from fault
    except (OSError, pl.exceptions.PolarsError) as error:
        raise OutputError(f"{address.name} cannot be written: {first_line(error)}") from error


def _existing(address: Address, store: Store, if_exists: IfExists) -> str | None:
    """Return how SQL writes the table if there is one."""
    there = store.tables().get(address.what)
    if there is not None and if_exists == "fail":
        raise OutputError(
            f"table {address.name} exists; name another, or say --if-exists replace or append"
        )
    return there


def _check_fits(frame: pl.DataFrame, columns: dict[str, str], address: Address) -> None:
    """Refuse columns that the table has not, and text for columns that would change it."""
    for name, dtype in frame.schema.items():
        if name not in columns:
            raise OutputError(
                f"table {address.name} has no column {name!r} (it has {', '.join(columns)}); "
                "write a new table, or say --if-exists replace"
            )
        type_ = columns[name].lower()
        if dtype == pl.String and type_ and not any(word in type_ for word in _TEXT):
            raise OutputError(
                f"column {name!r} of table {address.name} is {type_} and the result's is text, "
                "which would lose leading zeros; write a new table"
            )

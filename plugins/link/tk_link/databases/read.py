"""Read a table or a query of a database."""

from __future__ import annotations

import polars as pl

from tk.errors import InputError
from tk.suggest import not_found
from tk_link.databases.address import Address, with_table
from tk_link.databases.store import Fault, Store, first_line, open_store


def read_database(address: Address) -> tuple[pl.DataFrame, Address]:
    """Read what `address` means; return the frame and the address with the table that was read.

    The database is opened for reading only.

    Raises:
        InputError: It cannot be opened, the table is missing, or the query is refused; the message
            has the database's own words.
        MissingExtraError: The driver is not installed.
    """
    try:
        with open_store(address) as store:
            address, query = _query(address, store)
            return store.read(query), address
    except Fault as fault:
        raise InputError(f"{address.name} cannot be read: {fault}") from fault
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{address.name} cannot be read: {first_line(error)}") from error


def _query(address: Address, store: Store) -> tuple[Address, str]:
    """Return the query for what was named: a table's name, a query, or nothing."""
    tables = store.tables()
    named = list({written: name for name, written in tables.items()}.values())
    if not address.what:
        if len(named) != 1:
            listed = ", ".join(named) or "none"
            raise InputError(
                f"{address.name} does not say which table is meant; add ::TABLE or ::SELECT … "
                f"(tables: {listed})"
            )
        address = with_table(address, named[0])
    if address.what in tables:
        return address, f"SELECT * FROM {tables[address.what]}"
    if len(address.what.split()) == 1:
        base = address.name.partition("::")[0]
        listed = f" (tables: {', '.join(named) or 'none'})"
        raise InputError(f"{base}: {not_found('table', address.what, tables)}{listed}")
    return address, address.what

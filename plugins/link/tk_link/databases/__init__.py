"""Tables in databases: address -> store (sqlite, duck, postgres) -> read, write."""

from tk_link.databases.address import Address, is_database, parse_address
from tk_link.databases.read import read_database
from tk_link.databases.write import check_database, write_database

__all__ = [
    "Address",
    "check_database",
    "is_database",
    "parse_address",
    "read_database",
    "write_database",
]

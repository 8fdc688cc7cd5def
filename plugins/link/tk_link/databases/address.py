"""Which database and what in it: ``sqlite:///firms.db::firms``, ``postgresql://…::SELECT …``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from tk.errors import InputError
from tk_link.masking import MASK, masked

Kind = Literal["sqlite", "duckdb", "postgresql"]

_KINDS: dict[str, Kind] = {
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "postgresql": "postgresql",
    "postgres": "postgresql",
}
_LONGEST_NAME = 48


@dataclass(frozen=True, repr=False)
class Address:
    """A database and what is meant in it.

    Attributes:
        kind: Which kind of database.
        where: Path of the file, or URL of the server with its password.
        what: Table or query; empty where nothing was named.
        name: What to call it in messages; never holds a password.
    """

    kind: Kind
    where: str
    what: str
    name: str

    def __repr__(self) -> str:
        return f"Address({self.name!r})"

    @property
    def path(self) -> Path:
        """The file of an SQLite or DuckDB database."""
        return Path(self.where).expanduser()


def is_database(text: str) -> bool:
    """Tell whether `text` names a database."""
    return text.partition("://")[0].lower() in _KINDS and "://" in text


def split_inside(text: str) -> tuple[str, str]:
    """Split ``book.xlsx::Sheet`` or ``scheme://host/db::table`` at the colons.

    Those in the user, password and host of a URL (``[::1]``) do not count.
    """
    scheme, slashes, rest = text.partition("://")
    if not slashes:
        given, _, inside = text.partition("::")
        return given, inside
    slash = rest.find("/")
    start = len(scheme) + 3 + max(slash, 0)
    at = text.find("::", start)
    return (text, "") if at < 0 else (text[:at], text[at + 2 :])


def parse_address(text: str) -> Address:
    """Understand the URL of a database.

    Raises:
        InputError: It names no file, or cannot be read as a URL.
    """
    given, what = split_inside(text)
    scheme, _, rest = given.partition("://")
    kind = _KINDS[scheme.lower()]
    what = what.strip().rstrip(";").rstrip()
    if kind == "postgresql":
        url = f"postgresql://{rest}"
        try:
            parts = urlsplit(url)
            base = unquote(parts.path.lstrip("/")) or parts.hostname or "postgresql"
        except ValueError as error:
            raise InputError(f"{masked(given)} is no URL of a database") from error
        if "@" in base:
            raise InputError(
                f"{masked(given)} is no URL of a database: in user and password write / as %2F, "
                "@ as %40 and : as %3A"
            )
        return Address(kind, _without_mask(url), what, _named(base, what))
    if not rest.startswith("/") or not rest[1:]:
        raise InputError(
            f"{given} names no file; write {scheme}:///folder/file.db (four slashes where the "
            f"path begins at the root)"
        )
    path = unquote(rest[1:])
    return Address(kind, path, what, _named(Path(path).name, what))


def with_table(address: Address, table: str) -> Address:
    """Return the address of a table of the same database."""
    base = address.name.partition("::")[0]
    return replace(address, what=table, name=_named(base, table))


def _without_mask(url: str) -> str:
    """Leave a masked password to the driver, which looks into its environment."""
    return url.replace(f":{MASK}@", "@", 1)


def _named(base: str, what: str) -> str:
    line = " ".join(what.split())
    short = line if len(line) <= _LONGEST_NAME else f"{line[:_LONGEST_NAME]}…"
    return masked(f"{base}::{short}" if short else base)

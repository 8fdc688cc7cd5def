"""Several files as one table: ``'2024-*.csv'``, ``'north.csv,south.csv'``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path

import polars as pl

from tk.errors import InputError
from tk_link import remote
from tk_link.databases.address import is_database
from tk_link.masking import masked
from tk_link.tables import Table

_SHOWN = 3


def expand(source: str) -> list[str]:
    """Return the sources that a pattern or a list with commas stands for, in order.

    A name that is a file's own is never taken for a pattern.

    Raises:
        InputError: A pattern matches nothing.
    """
    if source == "-" or is_database(source) or Path(source).expanduser().exists():
        return [source]
    if "://" in source:
        return _matches(source) if _is_remote_pattern(source) else [source]
    path, colons, sheet = source.partition("::")
    if "," in path:
        return [found for part in path.split(",") if part for found in expand(part.strip())]
    if not has_magic(path) or Path(path).expanduser().exists():
        return [source]
    found = sorted(glob(str(Path(path).expanduser()), recursive=True))
    files = [file for file in found if Path(file).is_file()]
    if not files:
        raise InputError(f"no file matches {path}")
    return [file + colons + sheet for file in files]


def united(tables: Sequence[Table], name: str) -> Table:
    """Put tables under one another; a table that lacks a column has nulls in it, and is noted.

    A column that is of several types becomes text, unless all of them are numbers.

    Raises:
        InputError: A table shares no column with the first.
    """
    first = tables[0]
    for table in tables[1:]:
        if not {*table.columns} & {*first.columns}:
            raise InputError(
                f"{table.name} ({', '.join(table.columns)}) shares no column with {first.name} "
                f"({', '.join(first.columns)}); name files of one kind"
            )
    mixed = clashing(tables)
    frames = [t.frame.with_columns(t.text.select(mixed & {*t.columns})) for t in tables]
    return Table(
        name,
        pl.concat(frames, how="diagonal_relaxed"),
        pl.concat([table.text for table in tables], how="diagonal"),
        (f"{len(tables)} files", *_notes(tables)),
    )


def clashing(tables: Sequence[Table]) -> set[str]:
    """Return the columns that cannot be united as they are."""
    kinds = {
        (name, "number" if dtype.is_numeric() else str(dtype))
        for table in tables
        for name, dtype in table.frame.schema.items()
        if dtype != pl.Null
    }
    return {name for name, count in Counter(name for name, _ in kinds).items() if count > 1}


def _notes(tables: Sequence[Table]) -> list[str]:
    """Say which columns some tables lack, and what was found in each."""
    columns = list(dict.fromkeys(name for table in tables for name in table.columns))
    notes = []
    for column in columns:
        lacking = [table.name for table in tables if column not in table.columns]
        if lacking:
            more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
            notes.append(f"no {column!r} in {', '.join(lacking[:_SHOWN])}{more}")
    notes += [f"{table.name}: {note}" for table in tables for note in table.notes]
    return notes


def _is_remote_pattern(url: str) -> bool:
    """Tell whether a URL is a pattern; in those of web servers these signs have other meanings."""
    scheme, _, rest = url.partition("://")
    return scheme.lower() not in ("http", "https") and has_magic(rest)


def is_pattern_of(source: str, url: str) -> bool:
    """Tell whether a URL with a pattern stands for `url` among others."""
    from fsspec.utils import glob_translate  # noqa: PLC0415 - only where a URL is read

    if not _is_remote_pattern(source):
        return False
    scheme, _, path = source.partition("://")
    other, _, wanted = url.partition("://")
    return scheme == other and re.match(glob_translate(path), wanted) is not None


def _matches(url: str) -> list[str]:
    found = remote.matches(url)
    if not found:
        raise InputError(f"no file matches {masked(url)}")
    return found

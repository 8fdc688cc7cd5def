"""Several tables stacked into one, with a column that says which of them a row is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from tk.errors import InputError
from tk_link.databases.address import is_database, parse_address
from tk_link.masking import masked
from tk_link.reading import read_table
from tk_link.reading.several import clashing, expand
from tk_link.reading.source import place
from tk_link.shape import distinct
from tk_link.tables import Table

SOURCE = "source"


@dataclass(frozen=True)
class Stack:
    """What is searched for duplicates.

    Attributes:
        table: All rows, in the order in which the tables were given.
        parts: The tables themselves.
        source: Column of `table` made to say which one a row is from; None for a single table.
    """

    table: Table
    parts: tuple[Table, ...]
    source: str | None = None


def stack(tables: Sequence[Table], *, source: str | None = None) -> Stack:
    """Stack tables under one another; a table that lacks a column has nulls in it.

    A column that is of several types becomes text, unless all of them are numbers.

    Args:
        tables: One or more tables, each with a name of its own where there are several.
        source: Name of the column of table names; of one that is taken, underscores follow.
    """
    if len(tables) == 1:
        return Stack(tables[0], tuple(tables))
    return stack_labelled(tables, source=source)


def stack_labelled(tables: Sequence[Table], *, source: str | None = None) -> Stack:
    """Stack tables as `stack` does, with the column of table names even where there is one."""
    taken = {name for table in tables for name in table.columns}
    (label,) = distinct([source or SOURCE], taken, "_")
    mixed = clashing(tables)
    frames = [
        _labelled(t.frame.with_columns(t.text.select(mixed & {*t.columns})), label, t.name)
        for t in tables
    ]
    texts = [_labelled(table.text, label, table.name) for table in tables]
    united = Table(
        ", ".join(table.name for table in tables),
        pl.concat(frames, how="diagonal_relaxed"),
        pl.concat(texts, how="diagonal"),
    )
    return Stack(united, tuple(tables), label)


def read_files(files: Sequence[str]) -> list[Table]:
    """Read files, each named so that no two have one name: by as many folders as that takes.

    A pattern stands for all files that it matches.

    Raises:
        InputError: One is named twice, or cannot be read as a table.
    """
    files = [found for file in files for found in expand(file)]
    _check_twice(files)
    return [
        replace(read_table(file), name=label) if len(files) > 1 else read_table(file)
        for file, label in zip(files, labels(files), strict=True)
    ]


def labels(files: Sequence[str]) -> list[str]:
    """Return the file name of each path, with folders in front where names repeat.

    Standard input is ``-``; a sheet stays with its workbook.
    """
    parts = [_parts(file) for file in files]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        found = ["/".join(part[-depth:]) for part in parts]
        if len({*found}) == len(found):
            return found
    return list(files)


def _parts(file: str) -> tuple[str, ...]:
    if is_database(file):
        address = parse_address(file)
        return (*masked(address.where).split("/"), address.name)
    if "://" in file:
        return tuple(masked(file).split("/"))
    path, colons, sheet = file.partition("::")
    *folders, name = Path(path).expanduser().absolute().parts if path != "-" else (path,)
    return (*folders, name + colons + sheet)


def _check_twice(files: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        key = place(file)
        if key in seen:
            one, other = masked(file), masked(seen[key])
            named = f"{one} is given twice" if seen[key] == file else f"{other} is also {one}"
            raise InputError(f"{named}; every row would be its own duplicate: name it once")
        seen[key] = file


def _labelled(frame: pl.DataFrame, label: str, name: str) -> pl.DataFrame:
    return frame.select(pl.lit(name).alias(label), pl.all())

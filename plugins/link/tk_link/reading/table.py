"""`read_table`: whatever the user named, as a `Table`."""

from __future__ import annotations

import polars as pl

from tk.errors import InputError
from tk_link.databases.address import is_database, parse_address
from tk_link.databases.read import read_database
from tk_link.masking import masked
from tk_link.reading.content import read_content, recognise
from tk_link.reading.delimited import read_delimited
from tk_link.reading.encoding import to_utf8
from tk_link.reading.several import expand, united
from tk_link.reading.source import Source, parse_source
from tk_link.reading.typed import read_arrow, read_json, read_jsonl, read_parquet
from tk_link.reading.workbook import read_workbook
from tk_link.tables import Table
from tk_link.textview import text_view


def read_table(source: str, *, name: str | None = None) -> Table:
    """Read files, a table or query of a database, or standard input (``-``).

    Text formats are read as text, so that codes keep their leading zeros; databases, Parquet,
    Arrow, Excel and JSON keep their types in `Table.frame`.

    Args:
        source: A path, ``book.xlsx::Sheet``, a URL, a pattern, several with commas between,
            ``sqlite:///file.db::TABLE`` and the like (`tk_link.databases`), or ``-``.
        name: What to call the table in messages; the file name by default.

    Raises:
        InputError: It cannot be read as a table; the message says where and what to do.
        MissingExtraError: A library that it needs is not installed.
    """
    sources = expand(source)
    if len(sources) == 1:
        return _one(sources[0], name)
    return united([_one(each, None) for each in sources], name or masked(source))


def _one(source: str, name: str | None) -> Table:
    notes: list[str] = []
    if is_database(source):
        frame, address = read_database(parse_address(source))
        found = address.name
    else:
        parsed = parse_source(source)
        frame, notes = _read(parsed, read_content(parsed))
        found = parsed.name
    if not frame.width:
        raise InputError(f"{found} has no columns")
    if frame.is_empty():
        raise InputError(f"{found} has columns but no rows")
    return Table(name or found, frame, text_view(frame), tuple(notes))


def _read(source: Source, data: bytes) -> tuple[pl.DataFrame, list[str]]:
    name = source.name
    if source.format == "parquet":
        return read_parquet(data, name), []
    if source.format == "arrow":
        return read_arrow(data, name), []
    if source.format == "xlsx":
        return read_workbook(data, name, source.sheet)
    seen = recognise(data[:65536])
    if seen:
        raise InputError(f"{name} looks like {seen[0]}, not {source.format}; {seen[1]}")
    text, encoding = to_utf8(data, name)
    notes = [] if encoding == "UTF-8" else [f"encoding {encoding}"]
    if source.format == "jsonl":
        return read_jsonl(text, name), notes
    if source.format == "json":
        return read_json(text, name), notes
    frame, found = read_delimited(text, name, prefer="\t" if source.format == "tsv" else ",")
    return frame, notes + found

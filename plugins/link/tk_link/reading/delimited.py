"""Delimited text to a frame of strings, exactly, or an error that names the line.

Polars parses. It fills rows that are too short and says little about rows that are too long, so the
separators are counted: those in the file, less those inside values, must be one fewer than the
columns in every row. Only where that fails are the rows walked one by one to find the culprit.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import polars as pl

from tk.errors import InputError
from tk_link.reading.dialect import Dialect, check_header, records, sniff


def read_delimited(data: bytes, name: str, *, prefer: str = ",") -> tuple[pl.DataFrame, list[str]]:
    """Read UTF-8 `data`; return the frame and notes on what was found.

    Raises:
        InputError: No rows, a ragged row, an open quote, or a column name used twice.
    """
    data = _with_newlines(data)
    dialect = sniff(data, prefer=prefer)
    if not dialect.header:
        raise InputError(f"{name} is empty" if not data.strip() else _no_header(name))
    columns, made = check_header(dialect.header, name)
    body = data[dialect.skip :]
    if len(columns) > 1:  # in a single column a blank line is a blank cell
        body = body.rstrip(b"\r\n") + b"\n"
    frame = _parse(body, dialect, columns, name)
    if frame.is_empty():
        raise InputError(f"{name} has a header but no rows")
    notes = [f"separator {dialect.separator!r}"] if dialect.separator != prefer else []
    notes += [f"blank column name read as {column!r}" for column in made]
    return frame, notes


def _with_newlines(data: bytes) -> bytes:
    """Return `data` with line feeds where its lines end in carriage returns alone."""
    return data.replace(b"\r", b"\n") if b"\r" in data and b"\n" not in data else data


def _parse(body: bytes, dialect: Dialect, columns: list[str], name: str) -> pl.DataFrame:
    try:
        frame = _polars(body, dialect.separator, quote='"')
        frame.columns = columns
    except (pl.exceptions.PolarsError, ValueError) as error:
        if dialect.separator == "\t" and b'"' in body:
            return _parse_unquoted(body, columns, name)
        raise InputError(_culprit(body, dialect, columns, name, str(error))) from error
    if _is_rectangular(frame, body, dialect):
        return frame
    return _without_blank_lines(frame, body, dialect, columns, name)


def _polars(body: bytes, separator: str, *, quote: str | None) -> pl.DataFrame:
    return pl.read_csv(
        body, separator=separator, quote_char=quote, infer_schema=False, raise_if_empty=False
    )


def _parse_unquoted(body: bytes, columns: list[str], name: str) -> pl.DataFrame:
    """Read tab-separated text in which quotes are ordinary characters."""
    width = len(columns)
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.strip(b"\r") and line.count(b"\t") != width - 1:
            raise InputError(_ragged(name, number, line.count(b"\t") + 1, width))
    frame = _polars(body, "\t", quote=None)
    frame.columns = columns
    return frame


def _is_rectangular(frame: pl.DataFrame, body: bytes, dialect: Dialect) -> bool:
    """Tell whether every row wrote all its separators (see the module's docstring)."""
    separator = dialect.separator
    in_header = sum(column.count(separator) for column in dialect.header)
    outside = body.count(separator.encode()) - in_header
    if b'"' in body:
        inside = frame.select(
            pl.sum_horizontal(pl.all().str.count_matches(separator, literal=True).sum())
        ).item()
        outside -= inside
    return bool(outside == (frame.width - 1) * (frame.height + 1))


def _without_blank_lines(
    frame: pl.DataFrame, body: bytes, dialect: Dialect, columns: list[str], name: str
) -> pl.DataFrame:
    """Drop rows that were blank lines; any other short row is an error."""
    blank: list[bool] = []
    # Walks every row once; only for files that have blank or ragged lines.
    for line, record in _walk(body, dialect):
        if record and len(record) != len(columns):
            raise InputError(_ragged(name, line, len(record), len(columns)))
        blank.append(not record)
    rows = pl.Series(blank[blank.index(False) + 1 :], dtype=pl.Boolean)
    if len(rows) != frame.height:
        raise InputError(f"{name}: rows cannot be told apart; check its quotes")
    return frame.filter(~rows)


def _culprit(body: bytes, dialect: Dialect, columns: list[str], name: str, reason: str) -> str:
    """Find the first row that is not as wide as the header, or the quote that is wrong."""
    line = 0
    try:
        for line, record in _walk(body, dialect):
            if record and len(record) != len(columns):
                return _ragged(name, line, len(record), len(columns))
    except csv.Error as error:
        start = line + 1 if line else dialect.first_line
        return (
            f"{name}: the row that begins on line {start} or after has a quote that is not closed, "
            f'or not doubled ({error}); inside a quoted field write a quote as ""'
        )
    first = reason.strip().split("\n")[0]
    return f"{name} cannot be read as a table with separator {dialect.separator!r}: {first}"


def _walk(body: bytes, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    text = io.StringIO(body.decode(), newline="\n")
    return records(text, dialect.separator, first=dialect.first_line)


def _ragged(name: str, line: int, found: int, expected: int) -> str:
    advice = "quote fields that hold the separator" if found > expected else "is the row cut off?"
    fields = "field" if found == 1 else "fields"
    return f"{name}: line {line} has {found} {fields}, the header has {expected}; {advice}"


def _no_header(name: str) -> str:
    return f'{name}: the header cannot be read; check its quotes (write a quote as "")'

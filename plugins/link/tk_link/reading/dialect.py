"""How a delimited file is written: its separator and its header, found from its beginning."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tk.errors import InputError

SEPARATORS = (",", "\t", ";", "|")
_SAMPLE = 256 * 1024
_ROWS = 200


@dataclass(frozen=True)
class Dialect:
    """What is needed to read the rows.

    Attributes:
        separator: One of `SEPARATORS`.
        header: Column names as written.
        skip: Bytes before the header (Excel's ``sep=;`` line).
    """

    separator: str
    header: list[str]
    skip: int = 0

    @property
    def first_line(self) -> int:
        """The line that the table starts on, counted from one."""
        return 2 if self.skip else 1


def sniff(data: bytes, *, prefer: str = ",") -> Dialect:
    """Find the dialect of UTF-8 `data`.

    The separator is the one under which most of the first rows have as many fields as the header,
    and the header most fields; `prefer` wins ties, so a single column needs no separator.
    """
    separator, skip = _declared(data)
    sample = data[skip : skip + _SAMPLE].decode("utf-8", "ignore")
    whole = len(data) - skip <= _SAMPLE
    if separator is None:
        order = [prefer, *(s for s in SEPARATORS if s != prefer)]
        separator = max(order, key=lambda s: _fit(sample, s, whole=whole))
    return Dialect(separator, _header(data[skip:], separator), skip)


def check_header(header: list[str], name: str) -> tuple[list[str], list[str]]:
    """Return usable column names, and which of them stand for blank ones.

    A blank name becomes ``column_3`` after its place, counted from one.

    Raises:
        InputError: Two columns have the same name.
    """
    taken = {column for column in header if column.strip()}
    columns, made = [], []
    for place, column in enumerate(header, start=1):
        if column.strip():
            columns.append(column)
            continue
        new = f"column_{place}"
        while new in taken:
            new += "_"
        taken.add(new)
        made.append(new)
        columns.append(new)
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        places = [str(at) for at, column in enumerate(columns, start=1) if column == twice[0]]
        raise InputError(
            f"{name}: column name {twice[0]!r} is used more than once (columns "
            f"{', '.join(places)}); give each column its own name"
        )
    return columns, made


def records(
    text: Iterable[str], separator: str, *, first: int = 1
) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line that it starts on, where `text` starts on line `first`.

    Raises:
        csv.Error: A quoted field is not closed.
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(text, delimiter=separator, strict=True)
    line = first
    for record in reader:
        yield line, record
        line = first + reader.line_num


def _declared(data: bytes) -> tuple[str | None, int]:
    first, newline, _ = data[:16].partition(b"\n")
    declared = first.strip()
    if newline and len(declared) == 5 and declared.lower().startswith(b"sep="):
        return declared[4:].decode("ascii", "replace"), len(first) + 1
    return None, 0


def _fit(sample: str, separator: str, *, whole: bool) -> tuple[float, int]:
    """Score a separator: share of rows as long as the header, then the header's length."""
    widths: list[int] = []
    try:
        for _, record in records(io.StringIO(sample, newline=""), separator):
            widths += [len(record)] if record else []
            if len(widths) > _ROWS:
                break
    except csv.Error:
        pass
    if not whole and len(widths) > 1:
        widths.pop()
    if not widths or widths[0] == 1:
        return 0.0, 1
    rows = widths[1:] or widths
    agreeing = sum(width == widths[0] for width in rows) / len(rows)
    return (agreeing if agreeing >= 0.5 else 0.1), widths[0]


def _header(data: bytes, separator: str) -> list[str]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    try:
        return next((record for _, record in records(text, separator) if record), [])
    except csv.Error:
        return []

"""Cells as a page shows them: control characters gone, long ones cut, names for rows."""

from __future__ import annotations

import unicodedata

import polars as pl

from tk_link.tables import Table

_LONGEST = 200
_IN_LINE = 80


def clean(text: str | None, *, most: int = _LONGEST) -> str:
    """Return `text` in one line of at most `most` characters; a missing one is empty.

    Line breaks and control characters, which HTML may not hold, become spaces; the joiners inside
    emoji and right-to-left words stay.
    """
    if text is None:
        return ""
    shown = text[: most + 1]  # before the rest: a cell may hold megabytes
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in shown)
    return f"{kept[:most].rstrip()}…" if len(kept) > most else kept.strip()


def cell(table: Table, row: int, column: str, *, most: int = _LONGEST) -> str:
    """Return one cell as text."""
    value = table.text[column][row]
    return clean(value if isinstance(value, str) else None, most=most)


def line(table: Table, row: int, columns: list[str]) -> tuple[str, ...]:
    """Return some cells of a row for one line, without the empty ones."""
    cells = (cell(table, row, column, most=_IN_LINE) for column in columns)
    return tuple(text for text in cells if text)


def numbered(table: Table, column: str | None) -> pl.Series:
    """Return what each row of a table is called: its id, or its number counted from 0."""
    if column is None:
        return pl.int_range(len(table), eager=True).cast(pl.String)
    return table.text[column]

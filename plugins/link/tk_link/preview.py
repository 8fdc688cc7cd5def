"""A short look at the result, for a terminal."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from tk_link.textview import text_view

_ROWS = 12
_WIDTH = 28


def print_preview(frame: pl.DataFrame) -> None:
    """Print the first rows of `frame` on standard output, and as many columns as fit."""
    console = Console()
    columns = _fitting(frame, console.width)
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(Text(column), no_wrap=True, overflow="ellipsis", max_width=_WIDTH)
    head = text_view(frame.select(columns).head(_ROWS)).fill_null("")
    for row in head.iter_rows():  # _ROWS at most
        grid.add_row(*(Text(_one_line(cell)) for cell in row))
    console.print(grid)
    console.print(
        Text(f"{frame.height:,} rows × {frame.width} columns; -o FILE keeps all", style="dim")
    )


def _fitting(frame: pl.DataFrame, width: int) -> list[str]:
    """Choose columns: the decision first of all, then the user's from the left."""
    decision: set[str] = {"match_probability", "match_status"} & {*frame.columns}
    chosen = {*decision}
    room = width - sum(len(column) + 1 for column in decision)
    for column in frame.columns:
        if column in chosen or column in ("left_row", "right_row"):
            continue
        longest = text_view(frame.select(column).head(_ROWS)).to_series().str.len_chars().max()
        needed = min(max(len(column), int(str(longest or 0))), _WIDTH) + 1
        if needed > room:
            break
        room -= needed
        chosen.add(column)
    return [column for column in frame.columns if column in chosen]


def _one_line(cell: str) -> str:
    return "".join(char if char.isprintable() else " " for char in cell)

"""A table as linkage sees it: the user's own columns, and the same columns as text."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class Table:
    """One input table.

    Attributes:
        name: What to call it in messages: the file name, or ``left`` / ``right`` for frames.
        frame: The columns as given, for output; nothing in it is ever changed.
        text: The same columns and rows as ``String``; missing and blank cells are null.
        notes: What reading found that the user may not expect (encoding, separator), for printing.
        kept: Columns that several stages want in one spelling (`tk_link.views.spelled`).
    """

    name: str
    frame: pl.DataFrame
    text: pl.DataFrame
    notes: tuple[str, ...] = ()
    kept: dict[tuple[str, str], pl.Series] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def columns(self) -> list[str]:
        """Column names in file order."""
        return self.frame.columns

    def __len__(self) -> int:
        return self.frame.height

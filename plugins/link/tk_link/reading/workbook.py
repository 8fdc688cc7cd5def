"""One sheet of an Excel workbook."""

from __future__ import annotations

import io
import logging

import polars as pl

from tk.errors import InputError
from tk.suggest import not_found
from tk_link.reading.dialect import check_header
from tk_link.reading.typed import FAILURES, broken


def read_workbook(data: bytes, name: str, sheet: str | None) -> tuple[pl.DataFrame, list[str]]:
    """Read `sheet`, the first where it is None; return the frame and notes on what was found.

    Raises:
        InputError: No workbook, no such sheet, or a column name used twice.
    """
    import fastexcel  # noqa: PLC0415 - only where a workbook is read

    # It warns of every column without values, on standard error.
    logging.getLogger("fastexcel").setLevel(logging.ERROR)
    try:
        book = fastexcel.read_excel(data)
        sheets = book.sheet_names
    except FAILURES as error:
        raise InputError(broken(name, "Excel", error)) from error
    if sheet is not None and sheet not in sheets:
        raise InputError(f"{name}: {not_found('sheet', sheet, sheets)}")
    chosen = sheet or sheets[0]
    notes = [f"sheet {chosen!r} of {len(sheets)}"] if sheet is None and len(sheets) > 1 else []
    try:
        first = book.load_sheet(chosen, header_row=None, n_rows=1, dtypes="string").to_polars()
        frame = _rows(data, chosen)
    except FAILURES as error:
        raise InputError(broken(name, "Excel", error)) from error
    if not first.width:
        raise InputError(f"{name}: sheet {chosen!r} is empty")
    frame.columns, made = check_header([cell or "" for cell in first.row(0)], name)
    # A column without a name or a value is a formatted, not a filled one.
    ghosts = [column for column in made if frame[column].null_count() == frame.height]
    notes += [f"blank column name read as {column!r}" for column in made if column not in ghosts]
    return frame.drop(ghosts), notes


def _rows(data: bytes, sheet: str) -> pl.DataFrame:
    """Read all cells. Types come from all rows: a text after many numbers would be lost else."""
    return pl.read_excel(
        io.BytesIO(data),
        sheet_name=sheet,
        infer_schema_length=None,
        drop_empty_cols=False,
        raise_if_empty=False,
    )

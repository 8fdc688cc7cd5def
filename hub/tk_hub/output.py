"""Print rows on stdout, and ask on a terminal."""

import json
import sys
from collections.abc import Mapping, Sequence

import typer

from tk import UsageError


def show(rows: Sequence[Mapping[str, object]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print `rows`: all of them as JSON, or these columns aligned."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    used = [column for column in columns if any(row.get(column) for row in rows)]
    cells = [[_cell(row.get(column)) for column in used] for row in rows]
    table = [[column.upper() for column in used], *cells] if used else []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def agree(question: str, *, is_agreed: bool, option: str = "--yes") -> bool:
    """Ask, where somebody can answer.

    Raises:
        UsageError: Nobody can, and nothing was agreed to beforehand.
    """
    if is_agreed:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(f"{question} Nobody can answer here; say {option}")
    return typer.confirm(question)


def report(step: str) -> None:
    """Say on a terminal what is being done."""
    if sys.stderr.isatty():
        typer.echo(f"… {step}", err=True)


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_cell(item)}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")

"""Print rows on stdout: aligned for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence

import typer

Row = Mapping[str, object]


def print_json(data: object) -> None:
    """Print `data` as indented JSON, readable as it stands whatever the alphabet."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def print_rows(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Print the given columns of `rows`, aligned; empty columns are left out."""
    shown = [column for column in columns if any(row.get(column) for row in rows)]
    if not rows or not shown:
        return
    cells = [[_cell(row.get(column)) for column in shown] for row in rows]
    table = [[column.upper() for column in shown], *cells]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_cell(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)

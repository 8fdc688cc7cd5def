"""What the vision commands share: options, and how tables and figures are printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from tk.atomic import replacing
from tk.errors import OutputError, UsageError
from tk_vision.pictures.listing import Say

_TABLES = (".csv", ".parquet")

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BatchOption = Annotated[
    int, typer.Option("--batch-size", help="Pictures at a time; 0: by the free memory.")
]
PrecisionOption = Annotated[
    str, typer.Option("--precision", help="auto (bf16 where it is faster), float32 or bf16.")
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1.")]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="torch.compile: slow to begin, then faster.")
]
ImageColumnOption = Annotated[
    str | None, typer.Option("--image-column", help="Column of a table's pictures.")
]
LabelColumnOption = Annotated[
    str | None, typer.Option("--label-column", help="Column of a table's classes.")
]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be used.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


def speaker(*, quiet: bool) -> Say:
    """Return what tells the person something, beside the data."""

    def say(text: str) -> None:
        if not quiet:
            typer.echo(text, err=True)

    return say


def print_json(data: object) -> None:
    """Print indented JSON."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_metrics(metrics: Mapping[str, Mapping[str, float]]) -> None:
    """Print a row of metrics for each part of the data."""
    rows = [{"data": part, **found} for part, found in metrics.items()]
    print_frame(pl.DataFrame(rows))


def print_frame(frame: pl.DataFrame) -> None:
    """Print a table in columns for people."""
    cells = [[name.upper() for name in frame.columns]]
    cells += [[_cell(value) for value in row] for row in frame.rows()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def check_ending(path: Path | None, endings: tuple[str, ...] = _TABLES) -> None:
    """Say before minutes are spent what cannot be written.

    Raises:
        UsageError: The file's ending is none of `endings`.
        OutputError: Its folder is missing.
    """
    if path is None:
        return
    if path.suffix.lower() not in endings:
        raise UsageError(f"{path} must end in {' or '.join(endings)}")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} is missing")


def write_frame(frame: pl.DataFrame, output: Path | None) -> None:
    """Write a table as its file's ending says, or as CSV to standard output."""
    if output is None:
        sys.stdout.write(frame.write_csv())
        return
    with replacing(output) as stream:
        if output.suffix.lower() == ".parquet":
            frame.write_parquet(stream)
        else:
            frame.write_csv(stream)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)

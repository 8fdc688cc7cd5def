"""One run of `tk eval`: read, compare, draw, tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from tk.charts import Chart, to_page, to_png, to_svg
from tk.errors import InputError, OutputError, UsageError
from tk_link.atomic import replacing
from tk_link.evaluation import pictures, report
from tk_link.evaluation.api import Evaluation, Tables, evaluate
from tk_link.evaluation.columns import Kind
from tk_link.values import split_columns

_SUFFIXES = (".svg", ".png", ".html")


def run_eval(
    predicted: str | None,
    truth: str | None,
    *,
    output: str | None,
    tables: Tables,
    pred_kind: Kind | None,
    truth_kind: Kind | None,
    pred_columns: str | None,
    truth_columns: str | None,
    seed: int,
    json: bool,
    quiet: bool,
) -> None:
    """Compare two files and print what came of it.

    Raises:
        TkError: With the exit code that says what kind of trouble it was.
    """
    if predicted is None or truth is None:
        raise UsageError("name what was predicted and what is true: tk eval linked.csv truth.csv")
    if predicted == truth == "-":
        raise UsageError("only one of the two files can come from standard input (-)")
    if output is not None:
        check_picture(output, (predicted, truth))
    found = evaluate(
        predicted,
        truth,
        tables=tables,
        pred_kind=pred_kind,
        truth_kind=truth_kind,
        pred_columns=_two("--pred-columns", pred_columns),
        truth_columns=_two("--truth-columns", truth_columns),
        seed=seed,
    )
    if output is not None:
        _draw(found, output)
    if json:
        typer.echo(report.to_json(found))
    else:
        for text in report.lines(found):
            typer.echo(text)
    if not quiet:
        for note in found.notes:
            typer.echo(f"note        {note}", err=True)


def check_picture(output: str, inputs: Sequence[str]) -> None:
    """Find out before the work whether a picture can be written.

    Raises:
        OutputError: Its suffix is unknown, its folder missing or read-only, or it is an input.
    """
    from tk_link.writing import check_place  # noqa: PLC0415 - brings polars

    if Path(output).suffix.lower() not in _SUFFIXES:
        raise OutputError(f"{output}: a picture is written as {', '.join(_SUFFIXES)}")
    check_place(output, inputs)


def write_picture(charts: Sequence[Chart], output: str, title: str, rows: Rows) -> None:
    """Write charts by the suffix of the file, whole or not at all.

    Raises:
        MissingExtraError: It is a PNG and Pillow is not installed.
        OutputError: It cannot be written.
    """
    as_bytes: dict[str, Callable[[], bytes]] = {
        ".svg": lambda: to_svg(*charts).encode(),
        ".png": lambda: to_png(*charts),
        ".html": lambda: to_page(title, charts, rows=rows).encode(),
    }
    path = Path(output).expanduser()
    picture = as_bytes[path.suffix.lower()]()
    with replacing(path) as stream:
        stream.write(picture)


Rows = Sequence[tuple[str, str]]


def _draw(found: Evaluation, output: str) -> None:
    charts = pictures.charts(found)
    if not charts:
        raise InputError(
            "there is nothing to draw: the prediction states no probabilities "
            "(a column match_probability, one for each pair)"
        )
    rates = (("precision", found.pairwise.precision), ("recall", found.pairwise.recall))
    rows = [
        *((name, report.percent(rate)) for name, rate in (*rates, ("F1", found.pairwise.f1))),
        ("pairs predicted", f"{found.predicted:,}"),
        ("pairs true", f"{found.true:,}"),
    ]
    write_picture(charts, output, "How right the links are", rows)


def _two(option: str, text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    names = split_columns(text)
    if len(names) != 2:
        raise UsageError(f"{option} names {len(names)} columns; name two: left_id,right_id")
    return names[0], names[1]

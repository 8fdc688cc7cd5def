"""``tk forecast FILE``: read, train, check, forecast, write, draw."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from tk.atomic import replacing
from tk.errors import OutputError, UsageError
from tk_timeseries.api import Forecast
from tk_timeseries.api import forecast as make_forecast
from tk_timeseries.chart import Outlook, to_html, to_png, to_svg
from tk_timeseries.forecasters import installed_models
from tk_timeseries.options import ForecastOptions
from tk_timeseries.saving import check_empty, check_kept

_PANELS = 8
_PAST_HORIZONS = 3
_TABLES = (".csv", ".parquet")
_TIME = "%Y-%m-%d %H:%M:%S"
_PLOTS = (".png", ".html", ".svg")


def forecast(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, Parquet or ETTh1, ETTh2, ETTm1, ETTm2.")
    ],
    *,
    horizon: Annotated[int, typer.Option("--horizon", help="Steps ahead.")],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="entrope, tsmixer, patchtst, dlinear, seasonal-naive, auto-ets, auto-theta.",
        ),
    ] = "entrope",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV or Parquet; else standard output.")
    ] = None,
    plot: Annotated[
        list[Path] | None, typer.Option("--plot", help="PNG, HTML or SVG; may be repeated.")
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", help="Column that names the series of a long table.")
    ] = None,
    time: Annotated[str | None, typer.Option("--time", help="Time column; else found.")] = None,
    target: Annotated[
        str, typer.Option("--target", help="Columns to forecast, by commas; else all numbers.")
    ] = "",
    covariates: Annotated[
        str,
        typer.Option(
            "--covariates",
            metavar="COL,…",
            help="Columns that say something about the series: known in advance where rows without "
            "a target hold them for all steps ahead, else past-only.",
        ),
    ] = "",
    freq: Annotated[
        str | None, typer.Option("--freq", help="15m, 1h, 1d, 1bd, 1w, 1mo, …; else inferred.")
    ] = None,
    lookback: Annotated[
        int | None, typer.Option("--lookback", help="Steps that models see; else up to 96.")
    ] = None,
    levels: Annotated[str, typer.Option("--levels", help="Intervals, percent.")] = "80,95",
    backtest: Annotated[
        int, typer.Option("--backtest", metavar="N", help="Past moments to check from.")
    ] = 40,
    compare: Annotated[
        str, typer.Option("--compare", help="Further models for the leaderboard, or all, or none.")
    ] = "dlinear,seasonal-naive",
    steps: Annotated[
        int, typer.Option("--steps", help="Of training, at most; 128 windows each.")
    ] = 300,
    patience: Annotated[
        int, typer.Option("--patience", help="Checks without gain, of ten, to stop after; 0: none.")
    ] = 0,
    refit: Annotated[
        bool, typer.Option("--refit", help="Train once more on all rows before forecasting.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of weights and order.")] = 0,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FOLDER", help="Keep the trained model.")
    ] = None,
    load: Annotated[
        Path | None, typer.Option("--load", metavar="FOLDER", help="Use a kept model.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch no data set.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print forecast, leaderboard and notes as JSON.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Forecast the series of a table, with intervals and a comparison of models.

    Wide tables have a column for each series; long ones a column that names the series (--id).
    The last fifth of the rows is held out: models are checked there from --backtest past moments,
    and their errors make the intervals.
    """
    options = ForecastOptions(
        horizon=horizon,
        model=model,
        id=id,
        time=time,
        target=_words(target),
        covariates=_words(covariates),
        freq=freq,
        lookback=lookback,
        levels=_levels(levels),
        backtest=backtest,
        compare=_compared(compare),
        steps=steps,
        patience=patience,
        refit=refit,
        seed=seed,
        offline=offline,
    )
    _check_places(output, plot or (), save, load)
    if save is not None:
        check_kept(model)
    if refit and load is not None:
        raise UsageError("--refit and --load exclude each other: a loaded model is used as it is")

    def say(text: str) -> None:
        if not quiet:
            typer.echo(text, err=True)

    found = make_forecast(file, options, load=load, say=say)
    say(leaderboard_text(found))
    if as_json:
        typer.echo(to_json(found))
    if output is not None or not as_json:
        _write(found, output)
    for path in plot or ():
        _draw(found, path, f"{file.name}: {horizon} × {found.panel.frequency.name}")
        say(f"drawn: {path}")
    if save is not None:
        found.save(save)
        say(f"model saved in {save}")


def leaderboard_text(found: Forecast) -> str:
    """Write the leaderboard in columns for people."""
    frame = found.leaderboard
    texts = [frame.columns] + [
        [value if isinstance(value, str) else f"{value:.4g}" for value in row]
        for row in frame.rows()
    ]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in texts
    )


def to_json(found: Forecast) -> str:
    """Write forecast, leaderboard and what was found as one JSON object; NaN becomes null."""
    panel, at = found.panel, found.origins
    stamps = pl.col(panel.time).dt.strftime(_TIME)
    said = {
        "model": found.model,
        "frequency": panel.frequency.name,
        "horizon": at.horizon,
        "lookback": at.length,
        "notes": panel.notes,
        "leaderboard": found.leaderboard.fill_nan(None).to_dicts(),
        "forecast": found.frame.with_columns(stamps).fill_nan(None).to_dicts(),
    }
    return json.dumps(said, indent=2, ensure_ascii=False)


def outlooks(found: Forecast) -> list[Outlook]:
    """Return the panels of the chart: the last three horizons of the first series, and theirs."""
    panel, steps = found.panel, found.origins.horizon
    levels = sorted(float(c.removeprefix("low_")) for c in found.frame.columns if c[:4] == "low_")
    drawn = []
    for number, series in enumerate(panel.series[:_PANELS]):
        part = found.frame[number * steps : (number + 1) * steps]
        past = series.values[-_PAST_HORIZONS * steps :]
        times = panel.frequency.grid(series.first, len(series.values))[-len(past) :]
        bounds = [
            (level, part[f"low_{level:g}"].to_numpy(), part[f"high_{level:g}"].to_numpy())
            for level in levels
        ]
        ahead = part[panel.time].to_list()
        values = part["forecast"].to_numpy()
        drawn.append(Outlook(series.name, times.to_list(), past, ahead, values, bounds))
    return drawn


def _write(found: Forecast, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(found.frame.write_csv(datetime_format=_TIME))
        return
    with replacing(output) as stream:
        if output.suffix.lower() == ".parquet":
            found.frame.write_parquet(stream)
        else:
            found.frame.write_csv(stream, datetime_format=_TIME)


def _draw(found: Forecast, path: Path, title: str) -> None:
    shown, suffix = outlooks(found), path.suffix.lower()
    if suffix == ".png":
        data = to_png(shown)
    elif suffix == ".svg":
        data = to_svg(shown).encode()
    else:
        data = to_html(title, shown, [leaderboard_text(found)]).encode()
    with replacing(path) as stream:
        stream.write(data)


def _check_places(
    output: Path | None, plots: Sequence[Path], save: Path | None, load: Path | None
) -> None:
    """Say what cannot be written before minutes are spent."""
    if save is not None and load is not None:
        raise UsageError("--save and --load exclude each other: a loaded model is saved already")
    if save is not None:
        check_empty(save)
    for path, endings in [(output, _TABLES), *((plot, _PLOTS) for plot in plots)]:
        if path is not None and path.suffix.lower() not in endings:
            raise UsageError(f"{path} must end in {' or '.join(endings)}")
        if path is not None and not path.parent.is_dir():
            raise OutputError(f"{path}: the folder {path.parent} is missing")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _levels(text: str) -> tuple[float, ...]:
    try:
        return tuple(sorted({float(word.rstrip("%")) for word in _words(text)}))
    except ValueError:
        raise UsageError(f"--levels {text!r} must be percents with commas, such as 80,95") from None


def _compared(text: str) -> tuple[str, ...]:
    if text.strip() == "all":
        return installed_models()
    return () if text.strip() == "none" else _words(text)

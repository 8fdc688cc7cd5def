"""`forecast`: from a table to forecasts with intervals and a comparison of models."""

from __future__ import annotations

import json
import time as clock
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tk import load_checkpoint
from tk.atomic import replacing
from tk.errors import InputError, OutputError, UsageError
from tk.nn import Model
from tk_timeseries.backtest import Origins, Prepared, Score, place_origins, score
from tk_timeseries.forecasters import NAIVE, Say, Shape, check_model, predict, train
from tk_timeseries.intervals import half_widths
from tk_timeseries.reading import read_frame
from tk_timeseries.series import Panel, make_panel

RECORD = "forecast.json"


@dataclass(frozen=True)
class ForecastOptions:
    """How to forecast.

    Attributes:
        horizon: Steps ahead.
        model: ``entrope``, ``tsmixer``, ``patchtst``, ``dlinear`` or ``seasonal-naive``.
        id: Column that names the series of a long table.
        time: Time column; by default the first that holds dates.
        target: Columns to forecast; by default all that hold numbers.
        freq: ``1h``, ``1d``, …; by default inferred.
        lookback: Steps that models see; by default 96, or fewer where series are short.
        levels: Intervals, in percent.
        backtest: Past moments from which forecasts are made and checked.
        compare: Further models for the leaderboard.
        steps: Steps of training, each of 128 windows.
        seed: Of weights and order.
    """

    horizon: int
    model: str = "entrope"
    id: str | None = None
    time: str | None = None
    target: tuple[str, ...] = ()
    freq: str | None = None
    lookback: int | None = None
    levels: tuple[float, ...] = (80.0, 95.0)
    backtest: int = 40
    compare: tuple[str, ...] = ("dlinear", NAIVE)
    steps: int = 300
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (self.model, *self.compare):
            check_model(name)
        for level in self.levels:
            if not 0 < level < 100:
                raise UsageError(f"level {level:g} must lie between 0 and 100 percent")
        if self.steps < 1:
            raise UsageError(f"steps is {self.steps}, must be at least 1")


@dataclass(frozen=True)
class Forecast:
    """What `forecast` found.

    Attributes:
        frame: ``series``, time, ``forecast`` and ``low_80``, ``high_80``, … of every step ahead.
        leaderboard: Metrics of each model on the backtest, best MASE first.
        panel: The series as they were used; `Panel.notes` says what was mended.
        origins: Look-back and backtest.
        model: What forecast.
        network: The trained model itself.
    """

    frame: pl.DataFrame
    leaderboard: pl.DataFrame
    panel: Panel
    origins: Origins
    model: str
    network: Model

    def save(self, folder: Path) -> None:
        """Write model and record, for `forecast(…, load=folder)`.

        Raises:
            OutputError: The folder holds something, or cannot be written.
        """
        check_empty(folder)
        self.network.save_pretrained(folder)
        record = {
            "model": self.model,
            "frequency": self.panel.frequency.name,
            "horizon": self.origins.horizon,
            "lookback": self.origins.length,
            "learnt_before": max(_held_out_from(self.panel, self.origins)).isoformat(),
        }
        with replacing(folder / RECORD) as stream:
            stream.write(json.dumps(record, indent=2).encode())


def forecast(
    table: str | Path | pl.DataFrame,
    options: ForecastOptions,
    *,
    load: Path | None = None,
    say: Say = lambda text: None,
) -> Forecast:
    """Forecast every series of a table.

    Models learn from all but the last fifth of the rows; there they are checked from
    ``options.backtest`` past moments, and their errors give the intervals.

    Args:
        table: CSV or Parquet, or a frame.
        options: How.
        load: Folder of a saved model, which is used as it is.
        say: Told what is being done.

    Raises:
        InputError: The table cannot be used; says why.
        UsageError: Options contradict each other or the saved model.
    """
    frame = table if isinstance(table, pl.DataFrame) else read_frame(Path(table))
    panel = make_panel(
        frame, id=options.id, time=options.time, target=options.target, freq=options.freq
    )
    record = _read_record(load, options, panel) if load else {}
    lookback = record.get("lookback", options.lookback)
    origins = place_origins(panel, options.horizon, lookback=lookback, count=options.backtest)
    first, last = min(s.first for s in panel.series), max(s.last for s in panel.series)
    say(
        f"{len(panel.series)} series, time in {panel.time!r}, every {panel.frequency.name}, "
        f"{first} to {last}"
    )
    for note in panel.notes:
        say(f"note: {note}")
    say(
        f"look-back {origins.length}, horizon {origins.horizon}; the last {origins.held_out} rows "
        f"of each series are held out for {origins.count} backtests"
    )
    prepared = Prepared.of(panel, origins)
    if record and _learnt_before(record) > min(_held_out_from(panel, origins)):
        say("warning: the saved model has seen part of the backtest; its figures are too good")
    return _run(panel, prepared, options, load=load, name=record.get("model"), say=say)


def _run(
    panel: Panel,
    prepared: Prepared,
    options: ForecastOptions,
    *,
    load: Path | None,
    name: str | None,
    say: Say,
) -> Forecast:
    chosen = name or options.model
    origins = prepared.origins
    season = panel.frequency.season
    shape = Shape(origins.length, origins.horizon, season)
    levels = [level / 100 for level in options.levels]
    networks: dict[str, Model] = {}
    scores: dict[str, Score] = {}
    rows: list[dict[str, Any]] = []
    for model in dict.fromkeys((chosen, *options.compare)):
        began = clock.process_time()
        if model == chosen and load is not None:
            networks[model] = _loaded(load)
        else:
            networks[model] = train(
                model, prepared.train, shape, steps=options.steps, seed=options.seed, say=say
            )
        spent = clock.process_time() - began
        scores[model] = score(networks[model], prepared, levels=levels, season=season)
        rows.append({"model": model, **scores[model].metrics, "training_cpu_s": round(spent, 1)})
    leaderboard = pl.DataFrame(rows).sort("mase", nulls_last=True)
    found = prepared.restore(predict(networks[chosen], prepared.latest)).numpy()
    widths = half_widths(scores[chosen].errors, levels) if levels else np.empty((0, *found.shape))
    frame = _frame(panel, found, widths, options.levels)
    return Forecast(frame, leaderboard, panel, origins, chosen, networks[chosen])


def check_empty(folder: Path) -> None:
    """Raise `OutputError` if something would be written over."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already and not empty; name another folder")


def _frame(
    panel: Panel,
    values: np.ndarray[Any, Any],
    widths: np.ndarray[Any, Any],
    levels: Sequence[float],
) -> pl.DataFrame:
    parts = []
    for number, series in enumerate(panel.series):
        columns: dict[str, Any] = {
            "series": [series.name] * values.shape[1],
            panel.time: panel.frequency.after(series.last, values.shape[1]),
            "forecast": values[number],
        }
        for level, width in zip(levels, widths, strict=True):
            columns[f"low_{level:g}"] = values[number] - width[number]
            columns[f"high_{level:g}"] = values[number] + width[number]
        parts.append(pl.DataFrame(columns))
    return pl.concat(parts)


def _read_record(folder: Path, options: ForecastOptions, panel: Panel) -> dict[str, Any]:
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError) as e:
        raise InputError(f"{folder} holds no saved forecaster ({RECORD}): {e}") from e
    if (
        not isinstance(record, dict)
        or not {"model", "lookback", "horizon", "frequency", "learnt_before"} <= record.keys()
    ):
        raise InputError(f"{folder / RECORD} is no record of a saved forecaster")
    asked = {"horizon": options.horizon, "frequency": panel.frequency.name}
    if options.lookback is not None:
        asked["lookback"] = options.lookback
    for name, value in asked.items():
        if record.get(name) != value:
            raise UsageError(
                f"the model in {folder} was trained for {name} {record.get(name)}, not {value}"
            )
    return record


def _loaded(folder: Path) -> Model:
    model = load_checkpoint(folder)
    if not isinstance(model, Model):
        raise InputError(f"{folder} holds no forecaster of tk")
    return model.eval()


def _learnt_before(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["learnt_before"])


def _held_out_from(panel: Panel, origins: Origins) -> list[datetime]:
    """Return when each series' held-out rows begin."""
    lengths = [len(series.values) for series in panel.series]
    return [
        panel.frequency.grid(series.first, rows)[rows - origins.held_out]
        for series, rows in zip(panel.series, lengths, strict=True)
    ]

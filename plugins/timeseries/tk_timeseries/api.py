"""`forecast`: from a table to forecasts with intervals and a comparison of models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from tk_timeseries.backtest import Forecaster, Network
from tk_timeseries.covariates import add_covariates
from tk_timeseries.forecasters import Say, used_covariates
from tk_timeseries.options import ForecastOptions
from tk_timeseries.prepared import Origins, Prepared, place_origins
from tk_timeseries.reading import read_frame
from tk_timeseries.running import Run
from tk_timeseries.saving import Record, check_empty, check_kept
from tk_timeseries.series import Panel, make_panel


@dataclass(frozen=True)
class Forecast:
    """What `forecast` found.

    Attributes:
        frame: ``series``, time, ``forecast`` and ``low_80``, ``high_80``, … of every step ahead.
        leaderboard: Metrics of each model on the backtest, best MASE first.
        panel: The series as they were used; `Panel.notes` says what was mended.
        origins: Look-back and backtest.
        model: What forecast.
        forecaster: The trained model itself.
        learnt_before: The earliest moment, over all series, from which on nothing was learnt.
    """

    frame: pl.DataFrame
    leaderboard: pl.DataFrame
    panel: Panel
    origins: Origins
    model: str
    forecaster: Forecaster
    learnt_before: datetime

    def save(self, folder: Path) -> None:
        """Write model and record, for `forecast(…, load=folder)`.

        Raises:
            OutputError: The folder holds something, or cannot be written.
            UsageError: The model is none that is kept.
        """
        check_empty(folder)
        check_kept(self.model)
        assert isinstance(self.forecaster, Network)
        self.forecaster.network.save_pretrained(folder)
        Record(
            model=self.model,
            frequency=self.panel.frequency.name,
            horizon=self.origins.horizon,
            lookback=self.origins.length,
            learnt_before=self.learnt_before.isoformat(),
            series=[series.name for series in self.panel.series],
            known=list(self.panel.known),
            past_only=list(self.panel.past_only),
        ).write(folder)


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
        table: CSV or Parquet, a frame, or the name of an ETT data set.
        options: How.
        load: Folder of a saved model, which is used as it is.
        say: Told what is being done.

    Raises:
        InputError: The table cannot be used; says why.
        UsageError: Options contradict each other or the saved model.
    """
    panel = _panel(table, options)
    record = Record.read(load) if load else None
    if record:
        record.check(options.horizon, options.lookback, panel, say)
    lookback = record.lookback if record else options.lookback
    origins = place_origins(panel, options.horizon, lookback=lookback, count=options.backtest)
    _describe(panel, origins, say)
    if record and datetime.fromisoformat(record.learnt_before) > min(_held_from(panel, origins)):
        say("warning: the saved model has seen part of the backtest; its figures are too good")
    run = Run(panel, Prepared.of(panel, origins), options, say)
    if record and load:
        network = record.load(load)
        run.add(record.model, Network(network, used_covariates(record.model, run.shape)), 0.0)
    else:
        run.train(options.model)
    chosen = record.model if record else options.model
    for name in dict.fromkeys(options.compare):
        if name != chosen:
            run.train(name)
    until = max(_held_from(panel, origins))
    if options.refit and not record:
        run.refit(chosen)
        until = max(panel.frequency.after(series.last, 1)[0] for series in panel.series)
    elif record:
        until = datetime.fromisoformat(record.learnt_before)
    forecaster = run.forecasters[chosen]
    frame = run.frame(chosen)
    return Forecast(frame, run.leaderboard(), panel, origins, chosen, forecaster, until)


def _panel(table: str | Path | pl.DataFrame, options: ForecastOptions) -> Panel:
    frame = table
    if not isinstance(frame, pl.DataFrame):
        frame = read_frame(Path(frame), offline=options.offline)
    panel = make_panel(
        frame,
        id=options.id,
        time=options.time,
        target=options.target,
        freq=options.freq,
        covariates=options.covariates,
    )
    if not options.covariates:
        return panel
    names, horizon = options.covariates, options.horizon
    return add_covariates(panel, frame, names, id=options.id, horizon=horizon)


def _describe(panel: Panel, origins: Origins, say: Say) -> None:
    first, last = min(s.first for s in panel.series), max(s.last for s in panel.series)
    say(
        f"{len(panel.series)} series, time in {panel.time!r}, every {panel.frequency.name}, "
        f"{first} to {last}"
    )
    for kind, names in (("known in advance", panel.known), ("past-only", panel.past_only)):
        if names:
            say(f"covariates, {kind}: {', '.join(names)}")
    for note in panel.notes:
        say(f"note: {note}")
    say(
        f"look-back {origins.length}, horizon {origins.horizon}; the last {origins.held_out} rows "
        f"of each series are held out for {origins.count} backtests"
    )


def _held_from(panel: Panel, origins: Origins) -> list[datetime]:
    """Return when each series' held-out rows begin."""
    lengths = [len(series.values) for series in panel.series]
    return [
        panel.frequency.grid(series.first, rows)[rows - origins.held_out]
        for series, rows in zip(panel.series, lengths, strict=True)
    ]

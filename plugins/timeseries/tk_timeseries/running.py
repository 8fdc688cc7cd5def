"""Models trained and checked on the same series, and what the chosen one says of the future."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor

from tk_timeseries.backtest import Forecaster, Network, Score, Statistical, score
from tk_timeseries.forecasters import RECIPES, Effort, Say, Shape, train, used_covariates
from tk_timeseries.intervals import half_widths
from tk_timeseries.options import ForecastOptions
from tk_timeseries.prepared import Prepared
from tk_timeseries.series import Panel
from tk_timeseries.statistical import NAMES, StatisticalForecaster


class Run:
    """Models that are trained and checked on the same series."""

    def __init__(
        self, panel: Panel, prepared: Prepared, options: ForecastOptions, say: Say
    ) -> None:
        self.panel, self.prepared, self.options, self.say = panel, prepared, options, say
        at, self.season = prepared.origins, panel.frequency.season
        kinds = len(panel.known), len(panel.past_only)
        self.shape = Shape(at.length, at.horizon, self.season, *kinds)
        self.effort = Effort(options.steps, options.patience, options.seed)
        self.levels = [level / 100 for level in options.levels]
        self.forecasters: dict[str, Forecaster] = {}
        self.scores: dict[str, Score] = {}
        self.rows: list[dict[str, Any]] = []
        self.steps: dict[str, int] = {}

    def train(self, name: str) -> None:
        """Train a model on what is not held out, and check it."""
        used = used_covariates(name, self.shape)
        ignored = self.panel.known if used.known < self.shape.known else ()
        ignored += self.panel.past_only if used.past_only < self.shape.past_only else ()
        if ignored:
            self.say(f"{name} does not use {', '.join(ignored)}")
        began = clock.process_time()
        forecaster = self._trained(name, self.prepared.train, self.effort)
        self.add(name, forecaster, clock.process_time() - began)

    def add(self, name: str, forecaster: Forecaster, seconds: float) -> None:
        """Check a model."""
        self.forecasters[name] = forecaster
        found = score(forecaster, self.prepared, levels=self.levels, season=self.season)
        self.scores[name] = found
        self.rows.append({"model": name, **found.metrics, "training_cpu_s": round(seconds, 1)})

    def refit(self, name: str) -> None:
        """Train a model again on all rows, for as many steps as were best."""
        self.say("once more, on all rows:")
        effort = Effort(max(self.steps.get(name, 1), 1), 0, self.options.seed)
        self.forecasters[name] = self._trained(name, self.prepared.scaled, effort)

    def leaderboard(self) -> pl.DataFrame:
        """Return the metrics of every model, best MASE first."""
        return pl.DataFrame(self.rows).sort("mase", nulls_last=True)

    def frame(self, name: str) -> pl.DataFrame:
        """Forecast from now on."""
        ahead = self.forecasters[name].forecast(self.prepared, 0)
        values = self.prepared.restore(ahead).numpy()
        errors = self.scores[name].errors
        widths = half_widths(errors, self.levels) if self.levels else np.empty((0, *values.shape))
        return _frame(self.panel, values, widths, self.options.levels)

    def _trained(self, name: str, series: Sequence[Tensor], effort: Effort) -> Forecaster:
        if name in NAMES:
            self.say(f"fitting {name}")
            kept = {"season": self.season, "horizon": self.shape.horizon}
            return Statistical(StatisticalForecaster(name, series, **kept))
        used = used_covariates(name, self.shape)
        width = 1 + used.known + used.past_only
        if name in RECIPES:
            self.say(f"training {name}")
        trained = train(name, [s[:, :width] for s in series], used, effort, say=self.say)
        self.steps[name] = trained.steps
        return Network(trained.network, used)


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

"""What a person may choose about a forecast."""

from __future__ import annotations

from dataclasses import dataclass

from tk.errors import UsageError
from tk_timeseries.forecasters import NAIVE, RECIPES, check_model


@dataclass(frozen=True)
class ForecastOptions:
    """How to forecast.

    Attributes:
        horizon: Steps ahead.
        model: ``entrope``, ``tsmixer``, ``patchtst``, ``dlinear``, ``seasonal-naive``; with the
            extra ``statsforecast`` also ``auto-ets`` and ``auto-theta``.
        id: Column that names the series of a long table.
        time: Time column; by default the first that holds dates.
        target: Columns to forecast; by default all that hold numbers.
        covariates: Columns that say something about the series; known in advance where the table
            holds them for every step ahead, past-only otherwise.
        freq: ``1h``, ``1d``, …; by default inferred.
        lookback: Steps that models see; by default 96, or fewer where series are short.
        levels: Intervals, in percent.
        backtest: Past moments from which forecasts are made and checked.
        compare: Further models for the leaderboard.
        steps: Most steps of training, each of 128 windows.
        patience: Checks on the newest tenth of what is learnt from, ten in all, without a better
            one after which training stops; 0 checks nothing.
        refit: Train the model once more on all rows, the held-out ones too, before it forecasts.
        seed: Of weights and order.
        offline: Fetch nothing.
    """

    horizon: int
    model: str = "entrope"
    id: str | None = None
    time: str | None = None
    target: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    freq: str | None = None
    lookback: int | None = None
    levels: tuple[float, ...] = (80.0, 95.0)
    backtest: int = 40
    compare: tuple[str, ...] = ("dlinear", NAIVE)
    steps: int = 300
    patience: int = 0
    refit: bool = False
    seed: int = 0
    offline: bool = False

    def __post_init__(self) -> None:
        for name in (self.model, *self.compare):
            check_model(name)
        for level in self.levels:
            if not 0 < level < 100:
                raise UsageError(f"level {level:g} must lie between 0 and 100 percent")
        for name, least in (("steps", 1), ("patience", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)}, must be at least {least}")
        able = [name for name, recipe in RECIPES.items() if recipe.takes_known]
        if self.covariates and self.model not in able:
            raise UsageError(f"{self.model} takes no covariates; {' and '.join(able)} do")

"""AutoETS and AutoTheta of statsforecast: each series has a model of its own.

They are chosen and fitted by likelihood, once, on what models may learn from; a later moment's
forecast filters the rows up to it with these parameters.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from tk.errors import MissingExtraError

NAMES = {"auto-ets": "AutoETS", "auto-theta": "AutoTheta"}
_LONGEST_SEASON = 24
"""Exponential smoothing of statsforecast knows no longer ones; then none is used."""
_ROWS = 1000
"""Newest rows that are fitted and filtered, if that is ten seasons: more cost minutes."""

Floats = NDArray[np.float64]


def is_installed() -> bool:
    """Say whether statsforecast is there."""
    return find_spec("statsforecast") is not None


def check_installed() -> None:
    """Raise `MissingExtraError` unless statsforecast is there."""
    if not is_installed():
        raise MissingExtraError("AutoETS and AutoTheta", "statsforecast")


class StatisticalForecaster:
    """A fitted model for each series."""

    def __init__(self, name: str, series: Sequence[Tensor], *, season: int, horizon: int) -> None:
        """Choose and fit.

        Args:
            name: One of `NAMES`.
            series: Scaled, ``(T, 1)`` each.
            season: Steps in a season.
            horizon: Steps ahead H.
        """
        self.horizon = horizon
        self.rows = max(_ROWS, 10 * season)
        make = getattr(_models(), NAMES[name])
        length = season if season <= _LONGEST_SEASON or name == "auto-theta" else 1
        bar = tqdm(series, desc=name, unit="series", disable=not sys.stderr.isatty())
        self._fitted: list[Any] = [
            make(season_length=length).fit(self._newest(values)) for values in bar
        ]

    def forecast(self, number: int, history: Tensor) -> Tensor:
        """Return the forecast ``(H,)`` of series `number` after a history ``(T, 1)``."""
        model = self._fitted[number]
        mean = model.forward(self._newest(history), h=self.horizon)["mean"]
        return torch.from_numpy(np.asarray(mean, dtype=np.float32))

    def _newest(self, values: Tensor) -> Floats:
        return values[-self.rows :, 0].double().numpy()


def _models() -> Any:  # noqa: ANN401 - a module without types
    check_installed()
    from statsforecast import models  # noqa: PLC0415 - numba takes two seconds

    return models

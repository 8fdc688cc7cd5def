"""The tasks for `tk.fit` and ``tk train``: forecasting, and EntroPE's entropy model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from tk import FitConfig, load_checkpoint
from tk.errors import InputError, UsageError
from tk.protocols import Splits
from tk.training.batches import batches
from tk_timeseries.entrope.cache import PatchedWindows, check_trained
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.model import EntroPE, Patched
from tk_timeseries.entrope.pretraining import NextToken
from tk_timeseries.entrope.tokeniser import Tokeniser, quantile_range
from tk_timeseries.metrics import crps_of_quantiles, mase_scale, smape, squared_and_absolute
from tk_timeseries.reading import read_values
from tk_timeseries.splits import Protocol, split
from tk_timeseries.windows import Scaler, Windows

_CALIBRATION = 500
"""Windows whose errors say how wide forecasts spread."""


class WindowTask:
    """Learn to forecast windows by mean squared error; scaled series in, scaled forecasts out.

    Attributes:
        best: Metric that chooses the best checkpoint.
    """

    best = "mse"

    def __init__(
        self, length: int, horizon: int, *, season: int = 1, entropy: EntropyModel | None = None
    ) -> None:
        self.length, self.horizon, self.season = length, horizon, season
        self.entropy_model = entropy
        self._caches: dict[int, PatchedWindows] = {}
        self._windows: Splits[Windows] | None = None
        self._history: Tensor | None = None

    def hold(
        self,
        train: Sequence[Tensor],
        validation: Windows | None = None,
        test: Windows | None = None,
    ) -> None:
        """Take scaled series, ``(T, C)`` each, and windows of others."""
        self._windows = Splits(self.cut(train), validation, test)
        self._history = train[0] if len(train) == 1 else None

    def datasets(self, config: FitConfig) -> Splits[Windows]:
        """Return the windows."""
        if self._windows is None:
            raise UsageError("the task holds no series: call hold(…) first")
        return self._windows

    def loss(
        self, model: nn.Module, batch: Mapping[str, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the mean squared error."""
        training = self._windows.train if self._windows else None
        forecast = self.predict(model, batch, training)
        return mse_loss(forecast, batch["future"]), {"forecast": forecast}

    def predict(
        self, model: nn.Module, batch: Mapping[str, Tensor], windows: Windows | None
    ) -> Tensor:
        """Return forecasts ``(B, H, C)``; what EntroPE's frozen part finds is kept by window."""
        inner = _frozen_in(model)
        if inner is None or windows is None:
            return model(batch["past"])
        return model(batch["past"], self._patched(inner, batch, windows))

    def prepare(self, model: nn.Module, windows: Windows) -> None:
        """Let EntroPE's frozen part see all windows before they are asked for; others have none."""
        inner = _frozen_in(model)
        if inner is not None:
            for batch in batches(model, windows, batch_size=128):
                self._patched(inner, batch, windows)

    def _patched(self, model: EntroPE, batch: Mapping[str, Tensor], windows: Windows) -> Patched:
        key = id(windows)
        if key not in self._caches:
            if self.entropy_model is not None and model.entropy_model is not None:
                model.entropy_model.load_state_dict(self.entropy_model.state_dict())
            else:
                check_trained(model, batch["past"])
            self._caches[key] = PatchedWindows(len(windows), model)
        return self._caches[key].take(model, batch["past"], batch["index"])

    def evaluate(self, model: nn.Module, data: Windows) -> Mapping[str, float]:
        """Return MSE, MAE, sMAPE, MASE and CRPS over all windows, in scaled units.

        MASE needs one training series. CRPS is that of the forecast shifted by the quantiles of
        the validation part's errors, so other parts have it where there is a validation part.
        """
        sums, naive, shares, count = torch.zeros(2).double(), torch.zeros(1).double(), 0.0, 0
        scale = None if self._history is None else mase_scale(self._history, self.season)
        shifts, ranked = self._shifts(model, data), 0.0
        for batch in batches(model, data, batch_size=128):
            forecast, future = self.predict(model, batch, data).cpu(), batch["future"].cpu()
            sums += squared_and_absolute(forecast, future)
            shares += smape(forecast, future) * forecast.numel()
            count += forecast.numel()
            if scale is not None:
                naive += ((forecast - future).abs().double() / scale).nansum()
            if shifts:
                quantiles = {place: forecast + shift for place, shift in shifts.items()}
                ranked += crps_of_quantiles(quantiles, future) * forecast.numel()
        mse, mae = (sums / count).tolist()
        found = {"mse": mse, "mae": mae, "smape": shares / count}
        found |= {} if scale is None else {"mase": float(naive) / count}
        return found | ({"crps": ranked / count} if shifts else {})

    def _shifts(self, model: nn.Module, data: Windows) -> dict[float, Tensor]:
        """Return quantiles of the validation part's errors ``(H, C)``, by place in 0..1."""
        held = self._windows.validation if self._windows else None
        if held is None or data is held:
            return {}
        some = Windows(held.series, self.length, self.horizon, most=_CALIBRATION)
        errors = [
            batch["future"].cpu() - self.predict(model, batch, None).cpu()
            for batch in batches(model, some, batch_size=128)
        ]
        places = torch.linspace(0.1, 0.9, 9)
        shifts = torch.quantile(torch.cat(errors), places, dim=0)
        return dict(zip((round(float(place), 1) for place in places), shifts, strict=True))

    def cut(self, series: Sequence[Tensor]) -> Windows:
        """Return all windows of scaled series."""
        return Windows(series, self.length, self.horizon)


class RegressionTask(WindowTask):
    """Learn to forecast the first channel from covariates in the others; see `Regression`.

    Attributes:
        known: Covariates that are known in advance; they follow the target.
    """

    def __init__(self, length: int, horizon: int, *, known: int) -> None:
        super().__init__(length, horizon)
        self.known = known

    def loss(
        self, model: nn.Module, batch: Mapping[str, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the mean squared error of the target."""
        forecast = self.predict(model, batch, None)
        return mse_loss(forecast, batch["future"][..., :1]), {"forecast": forecast}

    def predict(
        self, model: nn.Module, batch: Mapping[str, Tensor], windows: Windows | None
    ) -> Tensor:
        """Return forecasts ``(B, H, 1)``."""
        return model(batch["past"], batch["future"][..., 1 : 1 + self.known])

    def evaluate(self, model: nn.Module, data: Windows) -> Mapping[str, float]:
        """Return the MSE of the target over all windows, in scaled units."""
        total = sum(
            float(self.loss(model, batch)[0]) * len(batch["past"])
            for batch in batches(model, data, batch_size=128)
        )
        return {"mse": total / len(data)}


class Forecasting(WindowTask):
    """Forecast all columns of a table together, by the protocol of the long-horizon papers.

    Args:
        data: CSV or Parquet, one column a series, in order of time; or ``ETTh1``, ….
        length: Look-back L.
        horizon: Steps ahead H.
        protocol: How the rows are split, see `splits.split`.
        season: Steps in a season, for MASE.
        entropy: Folder of a trained entropy model (``tk train entropy-pretraining``), for EntroPE.
    """

    def __init__(
        self,
        *,
        data: str,
        length: int = 96,
        horizon: int = 96,
        protocol: Protocol = "share",
        season: int = 24,
        entropy: str = "",
    ) -> None:
        super().__init__(length, horizon, season=season, entropy=_entropy(entropy))
        self.data, self.protocol, self.entropy = data, protocol, entropy
        values = read_values(data)
        parts = split(len(values), length, horizon, protocol=protocol)
        scaler = Scaler.of(values[parts.train])
        scaled = scaler.scale(values)
        self._range = _range(scaled[parts.train], length)
        self._channels = scaled.shape[1]
        held = (self.cut([scaled[part]]) for part in (parts.validation, parts.test))
        self.hold([scaled[parts.train]], *held)

    def model_options(self) -> Mapping[str, Any]:
        """Return what models for this task need: sizes, and EntroPE's range of values."""
        low, high = self._range
        sizes = {"channels": self._channels, "length": self.length, "horizon": self.horizon}
        # tokenises_affine=False: tokens do not change while the model learns, so they are kept.
        entrope = {"low": low, "high": high, "tokenises_affine": False}
        return {**sizes, **entrope, "season": self.season}


class EntropyPretraining(NextToken):
    """Train EntroPE's entropy model on the training part of a table.

    Args:
        data: CSV or Parquet, one column a series, in order of time; or ``ETTh1``, ….
        length: Tokens in a row.
        protocol: How the rows are split, see `splits.split`.
        vocabulary: Token ids.
    """

    def __init__(
        self,
        *,
        data: str,
        length: int = 96,
        protocol: Protocol = "share",
        vocabulary: int = 256,
    ) -> None:
        self.data, self.protocol, self.vocabulary = data, protocol, vocabulary
        values = read_values(data)
        parts = split(len(values), length, 1, protocol=protocol)
        scaled = Scaler.of(values[parts.train]).scale(values)
        train = scaled[parts.train]
        tokeniser = Tokeniser(vocabulary, *_range(train, length))
        super().__init__([train], [scaled[parts.validation]], length=length, tokeniser=tokeniser)


def _frozen_in(model: nn.Module) -> EntroPE | None:
    """Return the EntroPE whose tokens of a window never change, if the model is one."""
    inner = model.module if hasattr(model, "module") else model
    return inner if isinstance(inner, EntroPE) and not inner.tokenises_affine else None


def _range(train: Tensor, length: int) -> tuple[float, float]:
    """Return EntroPE's range of values: over all windows, so that edges count less."""
    return quantile_range(Windows([train], length, 1).pasts())


def _entropy(folder: str) -> EntropyModel | None:
    if not folder:
        return None
    model = load_checkpoint(folder)
    if not isinstance(model, EntropyModel):
        raise InputError(f"{folder} holds a {type(model).__name__}, not an entropy model")
    return model

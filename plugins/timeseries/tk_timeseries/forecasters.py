"""The models that `forecast` knows, and how each is trained on a processor in minutes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import tk
from tk.errors import NotFoundError
from tk.nn import Model
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.pretraining import NextToken, pretraining_config
from tk_timeseries.entrope.tokeniser import Tokeniser, quantile_range
from tk_timeseries.seasonal import SeasonalNaive
from tk_timeseries.task import WindowTask

NAIVE = "seasonal-naive"
_BATCH = 128
_ENTROPY_BATCH = 64
_PREDICTED_AT_ONCE = 512


@dataclass(frozen=True)
class Recipe:
    """How a model is made for one series at a time, and trained.

    Attributes:
        variant: Its name for `tk.create`.
        learning_rate: The highest.
        has_patches: It cuts the look-back into equal patches, which must fit.
    """

    variant: str
    learning_rate: float
    has_patches: bool = False


RECIPES = {
    "entrope": Recipe("entrope-etth1", 1e-2),
    "tsmixer": Recipe("tsmixer-ci", 2e-3, has_patches=True),
    "patchtst": Recipe("patchtst-small", 2e-3, has_patches=True),
    "dlinear": Recipe("dlinear", 5e-3),
}
MODELS = (*RECIPES, NAIVE)


@dataclass(frozen=True)
class Shape:
    """What every model of a run has in common.

    Attributes:
        length: Look-back.
        horizon: Steps ahead.
        season: Steps in a season.
    """

    length: int
    horizon: int
    season: int


Say = Callable[[str], None]


def check_model(name: str) -> None:
    """Raise `NotFoundError` unless `name` is a model of `forecast`."""
    if name not in MODELS:
        raise NotFoundError("forecasting model", name, MODELS)


def train(
    name: str, series: Sequence[Tensor], shape: Shape, *, steps: int, seed: int, say: Say
) -> Model:
    """Train a model on scaled series.

    All series share one model that sees one at a time, so that any number of series, of any
    lengths, are learnt from together.

    Args:
        name: One of `MODELS`.
        series: Each ``(T, 1)`` float32.
        shape: Sizes.
        steps: Steps of the optimizer, of 128 windows each.
        seed: Of weights and order.
        say: Told what is being done.
    """
    check_model(name)
    if name == NAIVE:
        season = min(shape.season, shape.length)
        return SeasonalNaive(season=season, length=shape.length, horizon=shape.horizon)
    recipe = RECIPES[name]
    torch.manual_seed(seed)
    options = _options(recipe, shape)
    task = WindowTask(shape.length, shape.horizon)
    task.hold(series)
    with tempfile.TemporaryDirectory(prefix="tk-forecast-") as folder:
        if name == "entrope":
            tokeniser = Tokeniser(256, *quantile_range(torch.cat(list(series))))
            say("training the entropy model of entrope")
            place = Path(folder) / "entropy"
            kept = {"length": shape.length, "steps": steps, "seed": seed}
            task.entropy_model = _entropy_model(series, tokeniser, place, **kept)
            options |= {"low": tokeniser.low, "high": tokeniser.high}
        say(f"training {name}")
        model = tk.create(recipe.variant, **options)
        config = _config(Path(folder) / "run", recipe, steps, seed)
        tk.fit(task, model, config)
    assert isinstance(model, Model)
    return model.eval()


@torch.no_grad()
def predict(model: Model, pasts: Tensor) -> Tensor:
    """Return forecasts ``(N, H)`` of scaled windows ``(N, L)``."""
    chunks = pasts.unsqueeze(-1).split(_PREDICTED_AT_ONCE)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    return torch.cat([model(chunk.to(device)).squeeze(-1).cpu() for chunk in chunks])


def _options(recipe: Recipe, shape: Shape) -> dict[str, Any]:
    options: dict[str, Any] = {"channels": 1, "length": shape.length, "horizon": shape.horizon}
    if recipe.has_patches:
        patch = max(min(16, shape.length // 4), 1)
        options |= {"patch": patch, "stride": max(patch // 2, 1)}
    if recipe.variant.startswith("entrope"):
        # A forecast must not depend on what else is in the batch.
        options |= {"tokenises_affine": False, "sees_padding": False}
    return options


def _entropy_model(
    series: Sequence[Tensor], tokeniser: Tokeniser, folder: Path, *, length: int, **changes: int
) -> EntropyModel:
    """Train it by the published recipe, but for fewer and smaller steps."""
    task = NextToken(series, None, length=length, tokeniser=tokeniser)
    model = tk.create("entrope-entropy", **task.model_options())
    config = pretraining_config(str(folder), batch_size=_ENTROPY_BATCH, patience=0, **changes)
    tk.fit(task, model, config)
    assert isinstance(model, EntropyModel)
    return model.eval()


def _config(folder: Path, recipe: Recipe, steps: int, seed: int) -> tk.FitConfig:
    return tk.FitConfig(
        output=str(folder),
        steps=steps,
        batch_size=_BATCH,
        learning_rate=recipe.learning_rate,
        schedule="one-cycle",
        warmup=0.3,
        weight_decay=0.0,
        every=steps,
        keep=1,
        seed=seed,
    )

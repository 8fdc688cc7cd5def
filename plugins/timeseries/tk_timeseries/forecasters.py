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
from tk_timeseries import statistical
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.pretraining import NextToken, pretraining_config
from tk_timeseries.entrope.tokeniser import Tokeniser, quantile_range
from tk_timeseries.regression import Regression
from tk_timeseries.seasonal import SeasonalNaive
from tk_timeseries.task import RegressionTask, WindowTask
from tk_timeseries.windows import Windows

NAIVE = "seasonal-naive"
_BATCH = 128
_ENTROPY_BATCH = 64
_CHECKS = 10
_CHECKED = 512
"""Windows on which a checkpoint is judged: more would cost as much as training."""
_VALIDATION = 0.1


@dataclass(frozen=True)
class Recipe:
    """How a model is made for one series at a time, and trained.

    Attributes:
        variant: Its name for `tk.create`.
        learning_rate: The highest.
        has_patches: It cuts the look-back into equal patches, which must fit.
        takes_known: It uses covariates that are known in advance.
        takes_past: It uses covariates of the past.
    """

    variant: str
    learning_rate: float
    has_patches: bool = False
    takes_known: bool = False
    takes_past: bool = False


RECIPES = {
    "entrope": Recipe("entrope-etth1", 1e-2),
    "tsmixer": Recipe("tsmixer-ci", 2e-3, has_patches=True, takes_known=True, takes_past=True),
    "patchtst": Recipe("patchtst-small", 2e-3, has_patches=True),
    "dlinear": Recipe("dlinear", 5e-3, takes_known=True),
}
MODELS = (*RECIPES, NAIVE)
"""Those that need no extra."""
_ALL = (*MODELS, *statistical.NAMES)


@dataclass(frozen=True)
class Shape:
    """What every model of a run has in common.

    Attributes:
        length: Look-back.
        horizon: Steps ahead.
        season: Steps in a season.
        known: Covariates that are known in advance.
        past_only: Covariates of the past.
    """

    length: int
    horizon: int
    season: int
    known: int = 0
    past_only: int = 0


@dataclass(frozen=True)
class Effort:
    """How long models are trained.

    Attributes:
        steps: Most steps of the optimizer, of 128 windows each.
        patience: Checks (ten in all) without a better one after which training stops; 0 checks
            nothing and learns from all rows.
        seed: Of weights and order.
    """

    steps: int = 300
    patience: int = 0
    seed: int = 0


Say = Callable[[str], None]


def installed_models() -> tuple[str, ...]:
    """Return the models that can be used here."""
    return _ALL if statistical.is_installed() else MODELS


def check_model(name: str) -> None:
    """Raise `NotFoundError` unless `name` is a model of `forecast`."""
    if name not in _ALL:
        raise NotFoundError("forecasting model", name, _ALL)
    if name in statistical.NAMES:
        statistical.check_installed()


def used_covariates(name: str, shape: Shape) -> Shape:
    """Return the shape with only those covariates that the model uses."""
    recipe = RECIPES.get(name)
    known = shape.known if recipe and recipe.takes_known else 0
    past_only = shape.past_only if recipe and recipe.takes_past else 0
    return Shape(shape.length, shape.horizon, shape.season, known, past_only)


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        network: In eval mode.
        steps: After how many steps it was best; 0 for one that learns nothing.
    """

    network: Model
    steps: int


def train(
    name: str, series: Sequence[Tensor], shape: Shape, effort: Effort, *, say: Say
) -> Trained:
    """Train a model on scaled series.

    All series share one model that sees one at a time, so that any number of series, of any
    lengths, are learnt from together. The newest tenth of each long enough series says which
    checkpoint is best and when to stop.

    Args:
        name: One of `MODELS`.
        series: Each ``(T, 1 + F)`` float32: a target and its covariates, those in `shape` only.
        shape: Sizes.
        effort: How long.
        say: Told what is being done.
    """
    if name == NAIVE:
        season = min(shape.season, shape.length)
        sizes = {"length": shape.length, "horizon": shape.horizon}
        return Trained(SeasonalNaive(season=season, **sizes), 0)
    recipe = RECIPES[name]
    torch.manual_seed(effort.seed)
    has_covariates = shape.known + shape.past_only > 0
    task = WindowTask(shape.length, shape.horizon)
    if has_covariates:
        task = RegressionTask(shape.length, shape.horizon, known=shape.known)
    learnt, validation = _parts(series, shape) if effort.patience else (series, None)
    task.hold(learnt, validation)
    options = _covariate_options(name, shape) if has_covariates else _options(recipe, shape)
    with tempfile.TemporaryDirectory(prefix="tk-forecast-") as folder:
        if name == "entrope":
            tokeniser = Tokeniser(256, *quantile_range(torch.cat(list(series))))
            say("its entropy model first")
            place = Path(folder) / "entropy"
            task.entropy_model = _entropy_model(series, tokeniser, place, shape.length, effort)
            options |= {"low": tokeniser.low, "high": tokeniser.high}
        model = tk.create("covariate-regression" if has_covariates else recipe.variant, **options)
        if isinstance(model, Regression) and shape.known:
            model.start_from(learnt)
        patience = effort.patience if validation is not None else 0
        record = tk.fit(task, model, _config(Path(folder) / "run", recipe, effort, patience)).record
        steps, best = record["steps"], record["best_step"] or record["steps"]
    if steps < effort.steps:
        say(f"{name} stopped after {steps} of {effort.steps} steps; it was best at {best}")
    assert isinstance(model, Model)
    return Trained(model.eval(), best)


@torch.no_grad()
def predict(model: Model, pasts: Tensor, known: Tensor) -> Tensor:
    """Return forecasts ``(N, H)`` of scaled windows.

    Args:
        model: Trained for these covariates.
        pasts: ``(N, L, 1 + F)``.
        known: Covariates of the steps ahead, ``(N, H, K)``.
    """
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    pasts, known = pasts.to(device), known.to(device)
    has_covariates = pasts.shape[-1] > 1
    found: Tensor = model(pasts, known) if has_covariates else model(pasts)
    return found.squeeze(-1).cpu()


def _parts(series: Sequence[Tensor], shape: Shape) -> tuple[Sequence[Tensor], Windows | None]:
    """Split the newest tenth off where at least half of the windows stay to learn from."""
    learnt: list[Tensor] = []
    held: list[Tensor] = []
    for values in series:
        rows = max(int(len(values) * _VALIDATION), shape.horizon)
        start = len(values) - rows
        if start < shape.length + 2 * shape.horizon:
            return series, None
        learnt.append(values[:start])
        held.append(values[start - shape.length :])
    return learnt, Windows(held, shape.length, shape.horizon, most=_CHECKED)


def _options(recipe: Recipe, shape: Shape) -> dict[str, Any]:
    options: dict[str, Any] = {"channels": 1, "length": shape.length, "horizon": shape.horizon}
    if recipe.has_patches:
        options |= _patches(shape)
    if recipe.variant.startswith("entrope"):
        # A forecast must not depend on what else is in the batch.
        options |= {"tokenises_affine": False, "sees_padding": False}
    return options


def _covariate_options(name: str, shape: Shape) -> dict[str, Any]:
    sizes = {"length": shape.length, "horizon": shape.horizon, **_patches(shape)}
    return {"body": name, "known": shape.known, "past_only": shape.past_only, **sizes}


def _patches(shape: Shape) -> dict[str, int]:
    patch = max(min(16, shape.length // 4), 1)
    return {"patch": patch, "stride": max(patch // 2, 1)}


def _entropy_model(
    series: Sequence[Tensor], tokeniser: Tokeniser, folder: Path, length: int, effort: Effort
) -> EntropyModel:
    """Train it by the published recipe, but for fewer and smaller steps."""
    task = NextToken(series, None, length=length, tokeniser=tokeniser)
    model = tk.create("entrope-entropy", **task.model_options())
    changes = {"patience": 0, "steps": effort.steps, "seed": effort.seed}
    tk.fit(task, model, pretraining_config(str(folder), batch_size=_ENTROPY_BATCH, **changes))
    assert isinstance(model, EntropyModel)
    return model.eval()


def _config(folder: Path, recipe: Recipe, effort: Effort, patience: int) -> tk.FitConfig:
    return tk.FitConfig(
        output=str(folder),
        steps=effort.steps,
        batch_size=_BATCH,
        learning_rate=recipe.learning_rate,
        schedule="one-cycle",
        warmup=0.3,
        weight_decay=0.0,
        every=max(effort.steps // _CHECKS, 1) if patience else effort.steps,
        patience=patience,
        seed=effort.seed,
    )

"""How accuracy grows as patches shrink (arXiv:2502.03738): the same trunk, patch by patch.

`sweep` trains one model a patch and yields what came out of it; `fit_law` fits a straight line
to logarithms; `draw` shows both. Data and training are the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import astuple, dataclass, fields
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.charts import Chart, Line, Points, around
from tk.errors import InputError, UsageError

PATCHES = (16, 8, 4, 2, 1)
Cost = Literal["tokens", "flops"]


@dataclass(frozen=True)
class Point:
    """One model of a sweep.

    Attributes:
        patch: Side of its patches.
        tokens: Patches of an image.
        flops: Multiply-adds of one image.
        parameters: Weights, positions among them.
        accuracy: From 0 to 1.
    """

    patch: int
    tokens: int
    flops: int
    parameters: int
    accuracy: float


@dataclass(frozen=True)
class Law:
    """``error = factor · cost ** -exponent``, fitted by least squares of logarithms.

    Attributes:
        factor: Error at cost 1.
        exponent: How fast it falls; below 0 where it rises.
        explained: Share of the logarithms' variance that the line explains (R²).
        points: How many it was fitted to.
        by: The cost.
    """

    factor: float
    exponent: float
    explained: float
    points: int
    by: Cost

    def __str__(self) -> str:
        """Write it down: ``error = 0.8 · tokens^-0.25 (explains 97%)``."""
        power = f"{self.by}^{-self.exponent:.3g}"
        return f"error = {self.factor:.3g} · {power} (explains {self.explained:.0%})"

    def error(self, cost: float) -> float:
        """Return what the law says at `cost`."""
        return float(self.factor * cost**-self.exponent)


def sweep(
    name: str,
    train: Callable[[nn.Module], float],
    *,
    image: int,
    patches: Sequence[int] = PATCHES,
    seed: int = 0,
    **options: Any,  # noqa: ANN401 - the model checks its own
) -> Iterator[Point]:
    """Build `name` with each patch, train it, and yield what came of it, one after the other.

    Args:
        name: A model that `tk.create` knows, with options ``image`` and ``patch``.
        train: Trains a fresh model and returns its accuracy on data that it has not seen.
        image: Side of the images; each patch divides it.
        patches: Sides of patches.
        seed: Of every model's first weights.
        **options: Of the trunk, the same for all.

    Raises:
        UsageError: A patch does not divide the image.
        InputError: `train` returns no accuracy.
    """
    uneven = [patch for patch in patches if patch < 1 or image % patch]
    if uneven or not patches:
        raise UsageError(f"patches are {list(patches)}; each must divide the image's side {image}")
    make = partial(tk.create, name, image=image, **options)
    return _points(make, train, image, patches, seed)  # a generator: checks above come at once


def _points(
    make: Callable[..., nn.Module],
    train: Callable[[nn.Module], float],
    image: int,
    patches: Sequence[int],
    seed: int,
) -> Iterator[Point]:
    for patch in patches:
        torch.manual_seed(seed)
        model = make(patch=patch)
        flops, weights = multiply_adds(model, image), sum(p.numel() for p in model.parameters())
        accuracy = float(train(model))
        if not 0 <= accuracy <= 1:
            raise InputError(f"accuracy at patch {patch} is {accuracy}, must be from 0 to 1")
        yield Point(patch, (image // patch) ** 2, flops, weights, accuracy)


def multiply_adds(model: nn.Module, image: int) -> int:
    """Count the multiply-adds of one image's forward pass in matrix products and convolutions.

    A scan or attention is counted as it is computed. A copy without storage passes: it takes no
    time and no memory, however large.
    """
    channels = getattr(model, "options", {}).get("channels", 3)
    bare = deepcopy(model).to("meta").eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        bare(torch.empty(1, channels, image, image, device="meta"))
    return int(counter.get_total_flops()) // 2


def fit_law(points: Sequence[Point], *, by: Cost = "tokens") -> Law:
    """Fit error (1 - accuracy) to a power of the cost. Points without an error take no part.

    Args:
        points: What `sweep` yields.
        by: Which cost: ``tokens`` or ``flops``.

    Raises:
        InputError: Fewer than two different costs have an error.
    """
    known = [(getattr(p, by), 1 - p.accuracy) for p in points if p.accuracy < 1]
    if len({cost for cost, _ in known}) < 2:
        raise InputError(f"{len(known)} points with an error; a law needs two of different {by}")
    cost, error = np.log(np.array(known, dtype=np.float64)).T
    slope, start = np.polyfit(cost, error, 1)
    left, spread = error - (start + slope * cost), error - error.mean()
    total = float(spread @ spread)
    explained = 1 - float(left @ left) / total if total else 1.0
    return Law(math.exp(start), -float(slope), explained, len(known), by)


def table(points: Sequence[Point]) -> str:
    """Return a table of the points as text, a line each."""
    names = [field.name for field in fields(Point)]
    lines = [[f"{v:.4f}" if isinstance(v, float) else f"{v:,}" for v in astuple(p)] for p in points]
    return "\n".join("".join(f"{cell:>16}" for cell in line) for line in [names, *lines])


def draw(points: Sequence[Point], law: Law) -> Chart:
    """Return a chart of errors and the law, both axes logarithms to base 10; `tk.charts` writes it.

    Raises:
        InputError: No point has an error.
    """
    known = [(getattr(p, law.by), 1 - p.accuracy) for p in points if p.accuracy < 1]
    if not known:
        raise InputError("no point has an error to draw")
    x = [math.log10(cost) for cost, _ in known]
    y = [math.log10(error) for _, error in known]
    ends = [min(x), max(x)]
    line = [math.log10(law.error(10**end)) for end in ends]
    return Chart(
        "Error as patches shrink",
        around(f"log10 of {law.by}", x),
        around("log10 of error", [*y, *line]),
        (Line(ends, line, name=str(law), is_dashed=True), Points(x, y, name="trained models")),
        f"{law}, fitted to {law.points} models.",
    )

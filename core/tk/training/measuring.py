"""Measure a model that is trained."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from tk.errors import InputError
from tk.protocols import Task
from tk.training.config import FitConfig

SPLITS = ("train", "validation", "test")


def measure(
    task: Task[FitConfig, Any], model: nn.Module, *, split: str, config: FitConfig
) -> Mapping[str, float]:
    """Return the task's metrics on one part of its data; see `tk.evaluate`."""
    splits = task.datasets(config)
    data = getattr(splits, split, None) if split in SPLITS else None
    if data is None:
        there = [name for name in SPLITS if getattr(splits, name) is not None]
        raise InputError(f"the task has no {split!r} data; there is {', '.join(there)}")
    uses_gpu = config.device == "auto" and torch.cuda.is_available()
    model = model.to("cuda" if uses_gpu else "cpu").eval()
    with torch.no_grad():
        return task.evaluate(model, data)

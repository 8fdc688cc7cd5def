"""`tk.fit` and `tk.evaluate`: what people call. torch and transformers load when they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tk.errors import MissingExtraError
from tk.training.config import FitConfig

if TYPE_CHECKING:
    from torch import nn

    from tk.protocols import Task


@dataclass(frozen=True)
class Fitted:
    """What training gave.

    Attributes:
        model: The best model, in eval mode.
        folder: Where it is, beside ``run.json``; `tk.load_checkpoint` reads it.
        metrics: The task's metrics by part of the data: ``validation``, ``test``.
        record: All of ``run.json``.
    """

    model: nn.Module
    folder: Path
    metrics: Mapping[str, Mapping[str, float]]
    record: Mapping[str, Any]


def fit(
    task: Task[FitConfig, Any], model: nn.Module, config: FitConfig, *, resume: bool = False
) -> Fitted:
    """Train `model` for `task`; the same seed gives the same weights.

    Under ``torchrun`` every process calls this and the step stays the same, because the batch is
    divided among them. `model` itself is trained.

    Args:
        task: Data, loss and metrics of a domain.
        model: Fresh, or loaded with `tk.load_checkpoint` for fine-tuning.
        config: How.
        resume: Go on from the last whole checkpoint in ``config.output``, exactly.

    Raises:
        OutputError: The folder holds another run, or cannot be written.
        UsageError: The run was begun with another configuration; names what differs.
        TkError: The loss is no longer finite; the last checkpoint is kept.
    """
    try:
        from tk.training.running import run  # noqa: PLC0415 - brings torch and transformers
    except ModuleNotFoundError as e:
        if e.name != "accelerate":
            raise
        raise MissingExtraError("training", "train") from e

    folder, record = run(task, model, config, resume=resume)
    return Fitted(model.eval(), folder, record["metrics"], record)


def evaluate(
    task: Task[FitConfig, Any], model: nn.Module, *, split: str = "test", config: FitConfig
) -> Mapping[str, float]:
    """Return the task's metrics of `model` on one part of its data.

    Args:
        task: Data and metrics.
        model: It is put into eval mode and stays so.
        split: ``train``, ``validation`` or ``test``.
        config: What the task's data depend on (the seed).

    Raises:
        InputError: The task has no such part.
    """
    from tk.training.measuring import measure  # noqa: PLC0415 - brings torch

    return measure(task, model, split=split, config=config)

"""`train`: from labelled pictures to a folder with a model, its figures and their charts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tk import Catalogue, FitConfig, Fitted, fit, load_checkpoint
from tk.arguments import accepts, check_names
from tk.entries import Kind
from tk.errors import InputError, OutputError, UsageError
from tk.models import build, find_variant
from tk.training import configured
from tk.training.plan import TABLES, make_task, merged, recorded_tables
from tk.training.record import read_record
from tk.training.resuming import last_checkpoint
from tk_vision.classifying.defaults import usual_fit, usual_model
from tk_vision.classifying.opening import Opened, open_model
from tk_vision.classifying.report import write_report
from tk_vision.classifying.task import ImageClassification
from tk_vision.inference.running import check_size
from tk_vision.pictures.listing import Say

Tables = Mapping[str, Mapping[str, Any]]
_TASK = "vision/image-classification"
_HEAD = ("head*",)


@dataclass(frozen=True)
class Start:
    """What a run begins with.

    Attributes:
        checkpoint: Weights to start from; None for fresh ones.
        reset_head: Start with a new head, for other classes than the checkpoint's.
        resume: Go on with the run in the output folder.
    """

    checkpoint: Path | None = None
    reset_head: bool = False
    resume: bool = False

    def __post_init__(self) -> None:
        if self.resume and self.checkpoint is not None:
            raise UsageError("--resume and --checkpoint exclude each other: the run has its own")
        if self.reset_head and self.checkpoint is None:
            raise UsageError("--reset-head needs --checkpoint: fresh weights have a new head")


def train(catalogue: Catalogue, tables: Tables, output: Path, start: Start, *, say: Say) -> Fitted:
    """Train a classifier; what `tables` leave open is chosen by the data (`defaults`).

    Args:
        catalogue: The installed plugins.
        tables: Options of the task, the model (with its ``name``) and the training, as for
            ``tk train``.
        output: Folder for everything.
        start: What to begin with.
        say: Told what a person should know.

    Raises:
        InputError: Pictures, labels or the checkpoint cannot be used.
        UsageError: Options cannot be.
        OutputError: The folder holds another run.
    """
    check_names("the configuration", tables, TABLES)
    configured(FitConfig, {**tables.get("fit", {}), "output": str(output)}, what="fit")
    _check_output(output, start)
    before = recorded_tables(read_record(output)) if start.resume else {}
    tables = merged(before, tables, {"fit": {"output": str(output)}})
    _check_model(catalogue, tables.get("model", {}), start)
    opened = open_model(start.checkpoint) if start.checkpoint else None
    task = _make_task(catalogue, tables, opened)
    for note in task.notes:
        say(note)
    sizes = ", ".join(f"{count} {name}" for name, count in task.sizes.items())
    say(f"{len(task.classes)} classes; {sizes}; {task.image_size} × {task.image_size} pixels")
    options = usual_fit(task.sizes["train"], is_tuned=opened is not None)
    config = configured(FitConfig, {**options, **tables["fit"]}, what="fit")
    torch.manual_seed(config.seed)
    own = tables.get("model", {})
    model = _tuned(opened, task, own, start) if opened else _fresh(catalogue, task, own)
    check_size(model, torch.zeros(1, 3, task.image_size, task.image_size))
    parameters = sum(weight.numel() for weight in model.parameters())
    say(f"{type(model).__name__} of {parameters / 1e6:.2f} million parameters, {_told(config)}")
    fitted = fit(task, model, config, resume=start.resume)
    if is_first_process():
        write_report(fitted, task)
    return fitted


def is_first_process() -> bool:
    """Say whether this is the process of ``torchrun`` that speaks and writes, or the only one."""
    return os.environ.get("RANK", "0") == "0"


def _make_task(catalogue: Catalogue, tables: Tables, opened: Opened | None) -> ImageClassification:
    options = dict(tables.get("task", {}))
    if opened is not None:  # what its weights are used to, where the caller says nothing else
        own = opened.preprocessor
        usual = {"image_size": own.size, "crop": own.crop, "mean": own.mean, "std": own.std}
        options = {**usual, "interpolation": own.interpolation, **options}
    task = make_task(catalogue.find(Kind.TASK, _TASK), options)
    assert isinstance(task, ImageClassification)
    return task


def _fresh(catalogue: Catalogue, task: ImageClassification, own: Mapping[str, Any]) -> nn.Module:
    """Build the model that `own` names, or the usual one for the size of the pictures."""
    options = dict(own)
    name = str(options.pop("name", None) or usual_model(task.image_size))
    variant = find_variant(catalogue, name)
    cls = variant.entry.load()
    if not accepts(cls, "num_classes"):
        raise UsageError(f"model {name!r} is no classifier (tk models --task image-classification)")
    implied = {name: v for name, v in task.model_options().items() if accepts(cls, name)}
    return build(variant, implied | options)


def _tuned(
    opened: Opened, task: ImageClassification, own: Mapping[str, Any], start: Start
) -> nn.Module:
    """Load the checkpoint again, with the options that the task and the caller want."""
    assert start.checkpoint is not None
    if not start.reset_head:
        _check_classes(opened, task.classes, start.checkpoint)
    classes = {"num_classes": len(task.classes)}  # not the size: its positions are as published
    options = classes | dict(own)
    fresh = _HEAD if start.reset_head else ()
    return load_checkpoint(start.checkpoint, fresh=fresh, **options).train()


def _check_classes(opened: Opened, classes: list[str], checkpoint: Path) -> None:
    """See that a checkpoint's classes are the data's.

    Raises:
        InputError: They are not.
    """
    hint = "--reset-head starts with a new head for them"
    if len(opened.classes) != len(classes):
        raise InputError(
            f"{checkpoint} knows {len(opened.classes)} classes, the pictures have {len(classes)}; "
            f"{hint}"
        )
    if opened.is_named and opened.classes != classes:
        pairs = zip(opened.classes, classes, strict=True)
        number, theirs, ours = next((n, a, b) for n, (a, b) in enumerate(pairs) if a != b)
        raise InputError(
            f"{checkpoint} has other classes: number {number} is {theirs!r} there, {ours!r} in the "
            f"pictures; {hint}"
        )


def _check_output(output: Path, start: Start) -> None:
    """See before any picture is read that the folder is free, or holds what is resumed."""
    if start.resume:
        if last_checkpoint(output) is None:
            raise InputError(f"{output} holds no whole checkpoint to resume; begin anew elsewhere")
        return
    if not output.exists():
        return
    if not output.is_dir():
        raise OutputError(f"{output} is no folder")
    if read_record(output) or (output / "model.safetensors").exists():
        raise OutputError(f"{output} holds a run already; --resume it, or name another folder")


def _check_model(catalogue: Catalogue, own: Mapping[str, Any], start: Start) -> None:
    """See before any picture is read that there is such a model."""
    name = own.get("name")
    if name is None:
        return
    if start.checkpoint is not None:
        raise UsageError("--model and --checkpoint exclude each other: the checkpoint says it")
    find_variant(catalogue, str(name))


def _told(config: FitConfig) -> str:
    length = f"{config.steps} steps" if config.steps else f"{config.epochs} epochs"
    return f"{length} in batches of {config.batch_size}, learning rate {config.learning_rate:g}"

"""One run: from a task, a model and a configuration to a folder with the best model."""

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_model, save_model
from torch import nn

from tk.errors import InputError, OutputError
from tk.models import architecture_of
from tk.nn import Model
from tk.protocols import Splits, Task
from tk.training.assembly import best_metric, make_arguments, make_trainer
from tk.training.config import FitConfig
from tk.training.record import check_same_run, json_like, new_record, read_record, write_record
from tk.training.resuming import FOLDER, checkpoint_path, last_checkpoint
from tk.training.trainer import TaskTrainer


def run(
    task: Task[Any, Any], model: nn.Module, config: FitConfig, *, resume: bool
) -> tuple[Path, dict[str, Any]]:
    """Train, choose the best checkpoint, measure it, and write all into ``config.output``.

    Returns:
        The folder and the record that was written there.
    """
    output = Path(config.output).resolve()
    splits = task.datasets(config)
    record = new_record(config, task=_name(task), model=_describe(model))
    # Every process looks before the first one writes: making the arguments waits for all.
    start = _start(output, record, resume=resume)
    arguments = make_arguments(config, output, splits, best_metric(task, config))
    trainer = make_trainer(task, model, config, splits, arguments=arguments, output=output)
    facts = {"processes": arguments.world_size, "device": str(arguments.device)}
    record |= {**facts, "examples": len(splits.train), "resumed_from": start and start.name}
    with _recorded(record, output, is_main=trainer.is_world_process_zero()):
        record |= _train(trainer, splits, output, start)
        if trainer.is_world_process_zero():
            _save(task, model, output)
    trainer.accelerator.wait_for_everyone()
    return output, json_like(record)


def _train(
    trainer: TaskTrainer, splits: Splits[Any], output: Path, start: Path | None
) -> dict[str, Any]:
    """Train and measure; return what the record says of it."""
    began = time.perf_counter()
    with _quiet("transformers"):
        trained = trainer.train(resume_from_checkpoint=str(start) if start else None)
    _take_best(trainer, output)
    ended = time.perf_counter()
    metrics = _measure(trainer, splits)
    return {
        "status": "done",
        "steps": trained.global_step,
        "best_step": trainer.state.best_global_step,
        "metrics": metrics,
        "history": trainer.state.log_history,
        "seconds": {"training": ended - began, "measuring": time.perf_counter() - ended},
    }


@contextlib.contextmanager
def _recorded(record: dict[str, Any], output: Path, *, is_main: bool) -> Iterator[None]:
    """Write the record before the block and after it, however it ends short of a kill."""

    def write() -> None:
        if is_main:
            output.mkdir(parents=True, exist_ok=True)
            write_record(output, json_like(record))

    write()
    try:
        yield
    except BaseException as e:
        record |= {"status": "stopped", "reason": str(e) or type(e).__name__}
        with contextlib.suppress(OutputError, OSError):  # a full disk is what stopped it
            write()
        raise
    write()


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep a library's warnings about itself off people's screens."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _start(output: Path, record: Mapping[str, Any], *, resume: bool) -> Path | None:
    """Return the checkpoint to go on from; refuse to write over another run."""
    before = read_record(output)
    if not resume:
        if before or (output / FOLDER).exists() or (output / "model.safetensors").exists():
            raise OutputError(f"{output} holds a run already; resume it, or name another folder")
        return None
    if not before:
        raise InputError(f"{output} holds no run to resume (run.json is missing)")
    check_same_run(before, json_like(record))
    return last_checkpoint(output)


def _take_best(trainer: TaskTrainer, output: Path) -> None:
    """Give the model the weights of the best checkpoint, averaged where they are averaged."""
    step = trainer.state.best_global_step
    folder = checkpoint_path(output, step) if step else None
    if folder is not None and folder.is_dir():
        load_model(trainer.network, str(folder / "model.safetensors"))
        if trainer.averaged is not None:
            trainer.averaged.load(folder)
    if trainer.averaged is not None:
        trainer.averaged.apply()


def _measure(trainer: TaskTrainer, splits: Splits[Any]) -> dict[str, dict[str, float]]:
    parts = {"validation": splits.validation, "test": splits.test}
    return {name: trainer.measure(data) for name, data in parts.items() if data is not None}


def _save(task: Task[Any, Any], model: nn.Module, output: Path) -> None:
    """Write the model beside its record, and what the task wants to travel with it."""
    try:
        if hasattr(task, "save"):
            task.save(output)
        if isinstance(model, Model):
            model.save_pretrained(output)
        else:
            save_model(model, str(output / "model.safetensors"))
    except OSError as e:
        raise OutputError(f"{output} cannot be written: {e.strerror}; the checkpoints are") from e


def _describe(model: nn.Module) -> dict[str, Any]:
    parameters = sum(p.numel() for p in model.parameters())
    is_ours = isinstance(model, Model)
    return {
        "class": type(model).__qualname__,
        "architecture": architecture_of(type(model)) if is_ours else "",
        "options": model.options if is_ours else {},
        "parameters": parameters,
    }


def _name(task: Task[Any, Any]) -> dict[str, Any]:
    """Describe the task by its class and the plain public values that it holds."""
    plain = (bool, int, float, str, type(None), list, tuple)
    held = getattr(task, "__dict__", {}).items()
    held = {k: v for k, v in held if isinstance(v, plain) and not k.startswith("_")}
    return {"class": type(task).__qualname__, "options": held}

"""One run: from a task, a model and a configuration to a folder with the best model."""

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_model, save_model
from torch import nn
from transformers import EarlyStoppingCallback, TrainerCallback, TrainingArguments
from transformers.integrations.integration_utils import TensorBoardCallback
from transformers.trainer_callback import PrinterCallback

from tk.errors import InputError, MissingExtraError, OutputError, UsageError
from tk.models import architecture_of
from tk.nn import Model
from tk.protocols import Splits, Task
from tk.training.config import FitConfig
from tk.training.progress import Progress
from tk.training.record import check_same_run, json_like, new_record, read_record, write_record
from tk.training.resuming import FOLDER, checkpoint_path, last_checkpoint
from tk.training.trainer import TaskTrainer

_LOG_STEPS = 10


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
    start = _start(output, record, resume=resume)
    arguments = _arguments(config, output, splits, _best(task, config))
    trainer = _trainer(task, model, config, splits, arguments=arguments, output=output)
    is_main = trainer.is_world_process_zero()
    facts = {"processes": arguments.world_size, "device": str(arguments.device)}
    record |= {**facts, "examples": len(splits.train), "resumed_from": start and start.name}
    if is_main:
        output.mkdir(parents=True, exist_ok=True)
        write_record(output, record)
    began = time.perf_counter()
    with _quiet("transformers"):
        trained = trainer.train(resume_from_checkpoint=str(start) if start else None)
    _take_best(trainer, output)
    trained_for = time.perf_counter() - began
    record |= {"status": "done", "steps": trained.global_step, "history": trainer.state.log_history}
    record |= {"best_step": trainer.state.best_global_step, "metrics": _measure(trainer, splits)}
    total = time.perf_counter() - began
    record["seconds"] = {"training": trained_for, "measuring": total - trained_for}
    if is_main:
        _save(model, output)
        record = json_like(record)
        write_record(output, record)
    trainer.accelerator.wait_for_everyone()
    return output, record


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


def _best(task: Task[Any, Any], config: FitConfig) -> tuple[str, bool]:
    """Return the metric that chooses the best checkpoint, and whether higher is better."""
    if config.best:
        return config.best, config.goal == "highest"
    return getattr(task, "best", "loss"), getattr(task, "goal", config.goal) == "highest"


def _arguments(
    config: FitConfig, output: Path, splits: Splits[Any], best: tuple[str, bool]
) -> TrainingArguments:
    has_validation = splits.validation is not None
    moment = "steps" if config.every else "epoch"
    on_cpu = config.device == "cpu" or not torch.cuda.is_available()
    arguments = TrainingArguments(
        output_dir=str(output / FOLDER),
        num_train_epochs=config.epochs,
        max_steps=config.steps or -1,
        gradient_accumulation_steps=config.accumulate,
        max_grad_norm=config.clip,
        learning_rate=config.learning_rate,
        bf16=config.precision == "bf16",
        fp16=config.precision == "fp16",
        eval_strategy=moment if has_validation else "no",
        save_strategy=moment,
        eval_steps=config.every or None,
        save_steps=config.every or 500,
        save_total_limit=config.keep,
        load_best_model_at_end=False,  # _take_best does it, and knows of averages
        metric_for_best_model=f"eval_{best[0]}" if has_validation else None,
        greater_is_better=best[1],
        restore_callback_states_from_checkpoint=True,
        logging_steps=_LOG_STEPS,
        logging_nan_inf_filter=False,
        seed=config.seed,
        use_cpu=on_cpu,
        # Outside torchrun, naming a backend makes accelerate look for a group that nobody made.
        ddp_backend="gloo" if on_cpu and torch.distributed.is_torchelastic_launched() else None,
        dataloader_num_workers=config.workers,
        dataloader_drop_last=config.drop_last,
        dataloader_pin_memory=torch.cuda.is_available(),
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # several GPUs are torchrun's, never DataParallel's
    pieces = arguments.world_size * config.accumulate
    if config.batch_size % pieces:
        raise UsageError(
            f"batch_size is {config.batch_size}, must be a multiple of {pieces}: "
            f"{arguments.world_size} processes with accumulate={config.accumulate}"
        )
    arguments.per_device_train_batch_size = config.batch_size // pieces
    return arguments


def _trainer(
    task: Task[Any, Any],
    model: nn.Module,
    config: FitConfig,
    splits: Splits[Any],
    *,
    arguments: TrainingArguments,
    output: Path,
) -> TaskTrainer:
    if len(splits.train) < (config.batch_size if config.drop_last else 1):
        raise InputError(
            f"{len(splits.train)} training examples make no batch of {config.batch_size}"
        )
    callbacks: list[TrainerCallback] = [Progress(best=str(arguments.metric_for_best_model))]
    if config.patience:
        if splits.validation is None:
            raise UsageError("patience needs validation data, which this task has none of")
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=config.patience))
    if config.tensorboard:
        callbacks.append(_tensorboard(output))
    trainer = TaskTrainer(
        task=task,
        model=model,
        config=config,
        args=arguments,
        train=splits.train,
        validation=splits.validation,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)  # it prints to stdout
    return trainer


def _tensorboard(output: Path) -> TrainerCallback:
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra
    except ImportError as e:
        raise MissingExtraError("writing curves for TensorBoard", "tensorboard") from e
    return TensorBoardCallback(SummaryWriter(str(output / "tensorboard")))  # type: ignore[no-untyped-call]


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


def _save(model: nn.Module, output: Path) -> None:
    """Write the model beside its record."""
    try:
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

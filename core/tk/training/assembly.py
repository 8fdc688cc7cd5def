"""Put a `TaskTrainer` together from our words."""

import atexit
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import EarlyStoppingCallback, TrainerCallback, TrainingArguments
from transformers.integrations.integration_utils import TensorBoardCallback
from transformers.trainer_callback import PrinterCallback

from tk.errors import InputError, MissingExtraError, UsageError
from tk.protocols import Splits, Task
from tk.training.config import FitConfig
from tk.training.progress import Progress
from tk.training.resuming import FOLDER
from tk.training.trainer import TaskTrainer

_LOG_STEPS = 10


def best_metric(task: Task[Any, Any], config: FitConfig) -> tuple[str, bool]:
    """Return the metric that chooses the best checkpoint, and whether higher is better."""
    if config.best:
        return config.best, config.goal == "highest"
    return getattr(task, "best", "loss"), getattr(task, "goal", config.goal) == "highest"


def make_arguments(
    config: FitConfig, output: Path, splits: Splits[Any], best: tuple[str, bool]
) -> TrainingArguments:
    """Say it all in Trainer's words; under ``torchrun``, wait for the other processes.

    Raises:
        UsageError: The batch cannot be divided, or the device cannot do it.
    """
    has_validation = splits.validation is not None
    on_cpu = config.device == "cpu" or not torch.cuda.is_available()
    if on_cpu and config.precision == "fp16":
        raise UsageError("precision fp16 needs a GPU; on a processor use bf16 or float32")
    moment = "steps" if config.every else "epoch"
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
    if torch.distributed.is_torchelastic_launched():
        atexit.unregister(_leave_group)  # once, however many fits a process makes
        atexit.register(_leave_group)
    arguments._n_gpu = min(arguments.n_gpu, 1)  # several GPUs are torchrun's, never DataParallel's
    pieces = arguments.world_size * config.accumulate
    if config.batch_size % pieces:
        raise UsageError(
            f"batch_size is {config.batch_size}, must be a multiple of {pieces}: "
            f"{arguments.world_size} processes with accumulate={config.accumulate}"
        )
    arguments.per_device_train_batch_size = config.batch_size // pieces
    return arguments


def _leave_group() -> None:
    """Stop the group's threads: one that still runs while the process ends aborts it."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def make_trainer(
    task: Task[Any, Any],
    model: nn.Module,
    config: FitConfig,
    splits: Splits[Any],
    *,
    arguments: TrainingArguments,
    output: Path,
) -> TaskTrainer:
    """Put everything together.

    Raises:
        InputError: There is not one batch of data.
        UsageError: Early stopping without validation data.
    """
    if len(splits.train) < (config.batch_size if config.drop_last else 1):
        raise InputError(
            f"{len(splits.train)} training examples make no batch of {config.batch_size}"
        )
    callbacks: list[TrainerCallback] = [Progress(best=str(arguments.metric_for_best_model))]
    if config.patience:
        if splits.validation is None:
            raise UsageError("patience needs validation data, which this task has none of")
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=config.patience))
    if config.tensorboard and arguments.process_index == 0:
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

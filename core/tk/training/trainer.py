"""`transformers.Trainer` for any `tk.protocols.Task` and any `nn.Module`."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from accelerate.utils import broadcast_object_list
from safetensors import SafetensorError
from safetensors.torch import save_model
from torch import Tensor, nn
from torch.utils.data import default_collate
from transformers import Trainer, TrainerCallback, TrainingArguments

from tk.errors import InputError, NotFoundError, OutputError, TkError
from tk.nn import Model
from tk.protocols import Task
from tk.training.averaging import Averaged
from tk.training.callbacks import Epochs, Steps
from tk.training.config import FitConfig
from tk.training.parameters import make_optimizer
from tk.training.repeatable import Repeatable
from tk.training.schedules import make_schedule


@contextmanager
def _readable(checkpoint: str | None) -> Iterator[None]:
    """Say which checkpoint is damaged."""
    try:
        yield
    except (SafetensorError, OSError, RuntimeError, EOFError, KeyError, UnpicklingError) as e:
        reason = str(e).partition("\n")[0]
        raise InputError(
            f"{checkpoint} is damaged ({reason}); remove it to resume from the one before"
        ) from e


class TaskTrainer(Trainer):
    """Take loss and metrics from a task, parameters' rates and the schedule from a `FitConfig`."""

    def __init__(
        self,
        *,
        task: Task[Any, Any],
        model: nn.Module,
        config: FitConfig,
        args: TrainingArguments,
        train: Any,  # noqa: ANN401 - whatever map-style data the task has
        validation: Any,  # noqa: ANN401
        callbacks: list[TrainerCallback],
    ) -> None:
        self.task = task
        self.network = model  # Trainer's own `model` may be None
        self.config = config
        self.validation = validation
        self.averaged: Averaged | None = None
        data = Repeatable(train, config.seed)
        super().__init__(
            model=model,
            args=args,
            train_dataset=data,
            eval_dataset=validation,  # only so that Trainer knows that there is one
            data_collator=getattr(task, "collate", default_collate),
            callbacks=[*callbacks, Epochs(data), Steps(self._before_step, self._after_step)],
        )
        if config.ema:  # after the model has gone to its device
            self.averaged = Averaged(model, config.ema)
        self.model_accepts_loss_kwargs = False  # losses are means over the batch

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Mapping[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:  # noqa: ANN401 - as Trainer has it
        """Return the task's loss.

        Raises:
            TkError: It is not finite.
        """
        loss, outputs = self.task.loss(model, inputs)
        if not torch.isfinite(loss):
            raise self._diverged(f"the loss is {float(loss.detach())}")
        return (loss, outputs) if return_outputs else loss

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Make it once."""
        if self.optimizer is None:
            self.optimizer = make_optimizer(model or self.network, self.config)
        return self.optimizer

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """Make it once."""
        if self.lr_scheduler is None:
            optimizer = optimizer or self.create_optimizer()
            made = make_schedule(optimizer, self.config, num_training_steps)
            self.lr_scheduler = made  # type: ignore[assignment] # declared as LambdaLR
            self._created_lr_scheduler = True
            return made
        return self.lr_scheduler

    def evaluate(
        self,
        eval_dataset: object = None,
        ignore_keys: object = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """Ask the task for its metrics on the validation data.

        Raises:
            NotFoundError: The metric that chooses the best checkpoint is not among them.
        """
        found = self.measure(self.validation)
        wanted = str(self.args.metric_for_best_model).removeprefix("eval_")
        if wanted not in found:
            raise NotFoundError("metric", wanted, found, where="--best")
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in found.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def measure(self, data: object) -> dict[str, float]:
        """Return the task's metrics, of averaged weights where there are any.

        Every process measures, and all take the first one's numbers, so that none decides
        otherwise than the others.
        """
        was_training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad():
                if self.averaged is None:
                    found = self.task.evaluate(self.network, data)
                else:
                    with self.averaged.applied():
                        found = self.task.evaluate(self.network, data)
        finally:
            self.network.train(was_training)
        (first,) = broadcast_object_list([{name: float(value) for name, value in found.items()}])
        metrics: dict[str, float] = first
        return metrics

    def _save_checkpoint(self, model: nn.Module, trial: object) -> None:
        """Write a checkpoint; one that cannot be written whole is removed.

        Raises:
            OutputError: The disk is full, the folder has gone, ….
        """
        try:
            super()._save_checkpoint(model, trial)
        except (OSError, SafetensorError, RuntimeError) as e:  # torch's writer raises the last
            folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            shutil.rmtree(folder, ignore_errors=True)
            reason = getattr(e, "strerror", None) or str(e).partition("\n")[0]
            raise OutputError(
                f"{folder} cannot be written: {reason}; earlier checkpoints are whole: "
                "make room and resume"
            ) from e

    def _save(self, output_dir: str | None = None, state_dict: object = None) -> None:
        """Write weights, with what they are where the model knows, and their averages."""
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        model = self.accelerator.unwrap_model(self.network)
        if isinstance(model, Model):
            model.save_pretrained(folder)
        else:
            save_model(model, str(folder / "model.safetensors"))
        if self.averaged is not None:
            self.averaged.save(folder)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        with _readable(resume_from_checkpoint):
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            if self.averaged is not None:
                self.averaged.load(Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        with _readable(checkpoint):
            super()._load_optimizer_and_scheduler(checkpoint)

    def _diverged(self, what: str) -> TkError:
        step = self.state.global_step
        return TkError(
            f"{what} at step {step + 1}: training stopped; lower the learning rate "
            f"({self.config.learning_rate:g}) or look for infinite values in the data; "
            "the last checkpoint was written before"
        )

    def _before_step(self) -> None:
        """See that the gradients are finite, before they reach the weights.

        Raises:
            TkError: They are not.
        """
        if self.config.precision == "fp16":  # its scaler skips such steps
            return
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        if not torch.isfinite(norm):
            raise self._diverged(f"the gradient is {float(norm)}")

    def _after_step(self) -> None:
        if self.averaged is not None:
            self.averaged.update()

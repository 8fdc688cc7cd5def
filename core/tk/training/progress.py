"""Progress on stderr: a bar with the loss, a line for every evaluation."""

import sys
from typing import Any

from tqdm.auto import tqdm
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class Progress(TrainerCallback):
    """Show one bar for the whole run; nothing where stderr is no terminal."""

    def __init__(self, *, best: str) -> None:
        self.best = best
        self.bar: tqdm[Any] | None = None

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **more: object,
    ) -> None:
        """Open the bar, at the step that is resumed from."""
        if state.is_local_process_zero and sys.stderr.isatty():
            self.bar = tqdm(total=state.max_steps, initial=state.global_step, unit="step")

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **more: object,
    ) -> None:
        """Move on."""
        if self.bar is not None:
            self.bar.update(state.global_step - self.bar.n)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **more: object,
    ) -> None:
        """Show the loss, and the evaluations' metric on a line that stays."""
        if self.bar is None or not logs:
            return
        if "loss" in logs:
            self.bar.set_postfix(loss=f"{logs['loss']:.4g}", refresh=False)
        if self.best in logs:
            name = self.best.removeprefix("eval_")
            self.bar.write(f"step {state.global_step}: {name} {logs[self.best]:.6g}", sys.stderr)

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **more: object,
    ) -> None:
        """Close the bar."""
        if self.bar is not None:
            self.bar.close()

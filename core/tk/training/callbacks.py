"""What happens at moments of a run that `transformers.Trainer` announces."""

from collections.abc import Callable

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tk.training.repeatable import Repeatable


class Epochs(TrainerCallback):
    """Tell the data which epoch it is."""

    def __init__(self, data: Repeatable[object]) -> None:
        self.data = data

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: object
    ) -> None:
        """Set the epoch, counted from 0; a resumed one keeps its number."""
        self.data.epoch = int(state.epoch or 0)


class Steps(TrainerCallback):
    """Call functions before and after each step of the optimizer."""

    def __init__(self, before: Callable[[], None], after: Callable[[], None]) -> None:
        self.before = before
        self.after = after

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: object
    ) -> None:
        """Gradients are there and clipped."""
        self.before()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: object
    ) -> None:
        """Weights have moved."""
        self.after()

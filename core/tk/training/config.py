"""How a model is trained: every choice that is not the task's or the model's own."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

from tk.errors import NotFoundError, UsageError

Precision = Literal["float32", "bf16", "fp16"]
Schedule = Literal["constant", "linear", "cosine", "one-cycle"]
Optimizer = Literal["adamw", "sgd"]
Device = Literal["auto", "cpu"]
Goal = Literal["lowest", "highest"]


@dataclass(frozen=True)
class FitConfig:
    """How `tk.fit` trains. Every field is an option of ``tk train`` and a key of its config file.

    Attributes:
        output: Folder for the model, its checkpoints and ``run.json``.
        epochs: Passes over the training data.
        steps: Steps of the optimizer instead of epochs; 0 leaves it to `epochs`.
        batch_size: Examples a step, over all processes; the same step however many there are.
        accumulate: Pieces in which a step's examples pass through the model, to save memory.
        drop_last: Leave out an epoch's last batch where it is smaller.
        learning_rate: The highest that the schedule reaches.
        schedule: How the rate falls after the warm-up; ``one-cycle`` is torch's, momentum too.
        warmup: Share of all steps in which the rate rises; for ``one-cycle`` its ``pct_start``.
        floor: Share of the learning rate at which ``cosine`` and ``linear`` end.
        optimizer: ``adamw``, or ``sgd`` with Nesterov momentum ``betas[0]``.
        betas: Decay of the optimizer's averages.
        weight_decay: Decoupled; not applied to vectors (norms, biases, tokens).
        no_decay: Patterns of parameters to which it is not applied either (``pos_embed``).
        layer_decay: Factor on the rate from each layer to the one below it.
        clip: Largest gradient norm; 0 does not clip.
        ema: Decay of an average of the weights, which is what is evaluated and saved; 0 keeps none.
        precision: Of activations; weights stay float32.
        best: Metric by which the best checkpoint is chosen; the task's own by default, else
            ``loss``.
        goal: Whether its lowest or its highest value is best.
        patience: Evaluations without a better one after which training stops; 0 never stops.
        every: Steps between evaluations, each with a checkpoint; 0 means once an epoch.
        keep: Checkpoints that are kept, the best among them.
        seed: Of weights, order and dropout.
        workers: Processes that load data.
        device: ``auto`` takes a GPU where there is one.
        tensorboard: Write curves for TensorBoard (extra ``tensorboard``).
    """

    output: str
    epochs: int = 10
    steps: int = 0
    batch_size: int = 32
    accumulate: int = 1
    drop_last: bool = False
    learning_rate: float = 1e-3
    schedule: Schedule = "cosine"
    warmup: float = 0.05
    floor: float = 0.0
    optimizer: Optimizer = "adamw"
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    no_decay: tuple[str, ...] = ()
    layer_decay: float = 1.0
    clip: float = 1.0
    ema: float = 0.0
    precision: Precision = "float32"
    best: str = ""
    goal: Goal = "lowest"
    patience: int = 0
    every: int = 0
    keep: int = 2
    seed: int = 0
    workers: int = 0
    device: Device = "auto"
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """See that every value makes sense.

        Raises:
            UsageError: One does not; says which and what would.
        """
        if not self.output:
            raise UsageError("output is empty; name the folder for the trained model")
        for name in ("epochs", "batch_size", "accumulate", "keep"):
            self._demand(name, getattr(self, name) >= 1, "at least 1")
        for name in ("steps", "patience", "every", "seed", "workers", "weight_decay", "clip"):
            self._demand(name, getattr(self, name) >= 0, "0 or more")
        for name in ("warmup", "floor", "ema"):
            self._demand(name, 0 <= getattr(self, name) < 1, "from 0 to below 1")
        self._demand("learning_rate", 0 < self.learning_rate < float("inf"), "above 0")
        self._demand("layer_decay", 0 < self.layer_decay <= 1, "above 0, at most 1")
        self._demand("betas", all(0 <= beta < 1 for beta in self.betas), "two from 0 to below 1")
        pieces = self.batch_size % self.accumulate == 0
        self._demand("batch_size", pieces, f"a multiple of accumulate={self.accumulate}")
        for field in fields(self):
            choices = get_args(field.type) if field.name in _CHOICES else ()
            if choices and getattr(self, field.name) not in choices:
                raise NotFoundError(field.name, str(getattr(self, field.name)), choices)

    def _demand(self, name: str, is_met: bool, what: str) -> None:
        if not is_met:
            raise UsageError(f"{name} is {getattr(self, name)!r}, must be {what}")


_CHOICES = ("schedule", "optimizer", "precision", "device", "goal")
FREE_TO_CHANGE = ("output", "workers", "device", "tensorboard", "keep")
"""What may differ when a run is resumed: nothing of it changes the weights."""

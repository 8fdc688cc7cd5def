"""Train any backbone at several image sizes at once (ResFormer, arXiv:2212.00776, section 3.2).

Every image passes at each size, largest first, and each size learns from the one before it. So
`MultiResolution(task)` is a task for `tk.fit`, around any task whose batches have an ``image``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import default_collate

from tk import FitConfig
from tk.errors import InputError, NotFoundError, UsageError
from tk.protocols import Splits, Task

Consistency = Literal["smooth-l1", "l2", "cosine", "soft"]
Target = Literal["features", "patches", "logits"]
Batch = Mapping[str, Tensor]

_EPS = 1e-6


def consistency(
    student: Tensor, teacher: Tensor, kind: Consistency = "smooth-l1", *, temperature: float = 1.0
) -> Tensor:
    """Return how far a size is from the one it learns from; no gradient reaches `teacher`.

    Args:
        student: ``(B, C)``.
        teacher: ``(B, C)`` of the size before.
        kind: ``smooth-l1`` to the teacher's layer norm (of the student none is taken), ``l2``,
            ``cosine``, or ``soft``: Kullback-Leibler divergence of logits.
        temperature: Of ``soft``.
    """
    teacher = teacher.detach()
    match kind:
        case "smooth-l1":
            return F.smooth_l1_loss(student, F.layer_norm(teacher, teacher.shape[-1:], eps=_EPS))
        case "l2":
            return F.mse_loss(student, teacher)
        case "cosine":
            return 1 - F.cosine_similarity(student, teacher, dim=-1, eps=_EPS).mean()
        case "soft":
            ours, theirs = ((t / temperature).log_softmax(-1) for t in (student, teacher))
            total = F.kl_div(ours, theirs, reduction="sum", log_target=True)
            return total * temperature**2 / student.numel()


def combine(
    losses: Sequence[Tensor],
    targets: Sequence[Tensor],
    *,
    alpha: float = 1.0,
    kind: Consistency = "smooth-l1",
    temperature: float = 1.0,
) -> Tensor:
    """Return the mean over sizes of each one's loss and consistency with the size before it.

    Args:
        losses: Of each size alone, largest first.
        targets: What sizes learn from each other, ``(B, C)`` each.
        alpha: Weight of consistency.
        kind: As in `consistency`.
        temperature: As in `consistency`.
    """
    pairs = zip(targets[1:], targets, strict=False)
    far = [consistency(ours, before, kind, temperature=temperature) for ours, before in pairs]
    return (torch.stack(list(losses)).sum() + alpha * sum(far)) / len(losses)


class MultiResolution:
    """A task learnt at several sizes.

    Args:
        task: What is learnt, from batches with square images under ``image``.
        sizes: Sides, falling; each multiple of the model's patch.
        alpha: Weight of consistency.
        consistency: Its kind; see `consistency`.
        target: What sizes learn from each other: ``features``, which the head reads;
            ``patches``, the mean of a model's patch tokens after its last norm; or ``logits``.
        temperature: Of ``soft``.
        separate: Augment for every size anew; mixing is shared if `task` mixes in its
            ``collate`` with torch's generator.
        window: Neighbouring sizes of one step, drawn anew each time; 0: all.
    """

    def __init__(
        self,
        task: Task[FitConfig, Any],
        *,
        sizes: Sequence[int] = (224, 160, 128),
        alpha: float = 1.0,
        consistency: Consistency = "smooth-l1",
        target: Target = "features",
        temperature: float = 1.0,
        separate: bool = False,
        window: int = 0,
    ) -> None:
        self.sizes = list(sizes)
        if not sizes or min(sizes) < 1 or self.sizes != sorted(set(sizes), reverse=True):
            raise UsageError(f"sizes are {self.sizes}, must fall from the largest to the smallest")
        if not 0 <= window <= len(sizes):
            raise UsageError(f"window is {window}, must be from 0 to the {len(sizes)} sizes")
        if temperature <= 0 or alpha < 0:
            raise UsageError(
                f"temperature {temperature} must be above 0 and alpha {alpha} not below"
            )
        for name, value, known in (
            ("consistency", consistency, Consistency),
            ("target", target, Target),
        ):
            if value not in get_args(known):
                raise NotFoundError(name, value, get_args(known))
        self.alpha, self.temperature = alpha, temperature
        self.consistency, self.target = consistency, target
        self.separate, self.window = separate, window
        self.task = task
        self.inner = [f"{name}={value!r}" for name, value in _plain(task)]  # for the run's record
        self.best = getattr(task, "best", "loss")
        self.goal = getattr(task, "goal", "lowest")

    def model_options(self) -> Mapping[str, Any]:
        """Return what every model for the task needs."""
        options: Callable[[], Mapping[str, Any]] = getattr(self.task, "model_options", dict)
        return options()

    def datasets(self, config: FitConfig) -> Splits[Any]:
        """Open the task's data."""
        splits = self.task.datasets(config)
        if not self.separate:
            return splits
        return Splits(Repeated(splits.train, len(self.sizes)), splits.validation, splits.test)

    def collate(self, examples: list[Any]) -> dict[str, Tensor]:
        """Make a batch; of separately augmented examples, one with every size's tensors."""
        inner: Callable[[list[Any]], Batch] = getattr(self.task, "collate", default_collate)
        if not self.separate:
            return dict(inner(examples))
        found: dict[str, Tensor] = {}
        state = torch.get_rng_state()
        for number, replica in enumerate(zip(*examples, strict=True)):
            torch.set_rng_state(state)  # mixup and cutmix choose alike for every size
            found |= {f"{number}.{name}": each for name, each in inner(list(replica)).items()}
        return found

    def replicas(self, batch: Batch) -> list[dict[str, Tensor]]:
        """Return the batch at every size of this step."""
        first, count = 0, self.window or len(self.sizes)
        if count < len(self.sizes):
            first = int(torch.randint(len(self.sizes) - count + 1, ()))
        found = []
        for number in range(first, first + count):
            start = f"{number}."
            own = {n.removeprefix(start): t for n, t in batch.items() if n.startswith(start)}
            replica = own if self.separate else dict(batch)
            found.append({**replica, "image": resize(replica["image"], self.sizes[number])})
        return found

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the mean over sizes, and the outputs of the largest one."""
        losses, outputs = [], []
        with heard(model, self.target) as targets:
            for replica in self.replicas(batch):
                loss, output = self.task.loss(model, replica)
                losses.append(loss)
                outputs.append(output)
        total = combine(
            losses,
            targets,
            alpha=self.alpha,
            kind=self.consistency,
            temperature=self.temperature,
        )
        return total, outputs[0]

    def evaluate(self, model: nn.Module, data: Any) -> Mapping[str, float]:  # noqa: ANN401
        """Return the task's metrics at every size as ``name@size``, their mean as ``name``."""
        by_size = {size: self.task.evaluate(model, Resized(data, size)) for size in self.sizes}
        found = {
            f"{n}@{size}": value for size, each in by_size.items() for n, value in each.items()
        }
        for name in by_size[self.sizes[0]]:
            found[name] = sum(each[name] for each in by_size.values()) / len(by_size)
        return found


class Resized:
    """Data whose images are `size` × `size`; all else is the data's own."""

    def __init__(self, data: Any, size: int) -> None:  # noqa: ANN401 - whatever the task has
        self.data, self.size = data, size

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        example = self.data[index]
        return {**example, "image": resize(example["image"][None], self.size)[0]}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name in ("data", "size"):  # a copy has none yet
            raise AttributeError(name)
        return getattr(self.data, name)


class Repeated:
    """Every example `times` times, each augmented anew."""

    def __init__(self, data: Any, times: int) -> None:  # noqa: ANN401
        self.data, self.times = data, times

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple(self.data[index] for _ in range(self.times))


def resize(image: Tensor, size: int) -> Tensor:
    """Return square images ``(B, C, size, size)``, bicubic and smoothed where they shrink.

    Raises:
        InputError: They are not square.
    """
    height, width = image.shape[-2:]
    if height != width:
        raise InputError(f"images are {height} x {width}; training at several sizes needs squares")
    if height == size:
        return image
    return F.interpolate(image, size=(size, size), mode="bicubic", antialias=True)


@contextmanager
def heard(model: nn.Module, target: Target) -> Iterator[list[Tensor]]:
    """Collect `target` of every call of `model` in the block, ``(B, C)`` each.

    Listens to the model's parts: under ``torchrun`` the model is wrapped and only ``forward`` of
    the wrapper may be called.

    Raises:
        UsageError: The model lacks the part.
    """
    bare = model.module if isinstance(model, nn.parallel.DistributedDataParallel) else model
    part = getattr(bare, {"features": "head", "patches": "norm", "logits": "head"}[target], None)
    if not isinstance(part, nn.Module) or (target == "patches" and not hasattr(bare, "cls_token")):
        raise UsageError(f"{type(bare).__name__} has no {target} to learn from; say target=…")
    found: list[Tensor] = []

    def listen(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        heard = inputs[0] if target == "features" else output
        found.append(heard[:, 1:].mean(1) if target == "patches" else heard)

    handle = part.register_forward_hook(listen)
    try:
        yield found
    finally:
        handle.remove()


def _plain(task: object) -> list[tuple[str, object]]:
    """Return the plain public values that a task holds, as a run's record does."""
    plain = (bool, int, float, str, type(None), list, tuple)
    held = getattr(task, "__dict__", {}).items()
    return [(k, v) for k, v in held if isinstance(v, plain) and not k.startswith("_")]

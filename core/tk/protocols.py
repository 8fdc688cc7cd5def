"""What others plug in: the shapes that encoders, tasks, index backends and executors have.

Nothing needs to inherit from these; a class that has the methods fits. Importing this module
loads neither numpy nor torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

Item = TypeVar("Item", contravariant=True)
Data = TypeVar("Data")
Config = TypeVar("Config", contravariant=True)
Shard = TypeVar("Shard")
Result = TypeVar("Result")

Metric = Literal["cosine", "dot", "euclidean"]


class Encoder(Protocol[Item]):
    """Turns things into vectors.

    Attributes:
        dim: Length of every vector.
    """

    dim: int

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Return one finite vector per item, in order: ``(len(items), dim)``.

        The same item gives the same vector whatever stands beside it in the batch.
        """
        ...


@dataclass(frozen=True)
class Splits(Generic[Data]):
    """The parts of a data set, each with its own purpose.

    Attributes:
        train: What the model learns from.
        validation: What choices are made on; None where there is nothing to choose.
        test: What is looked at once.
    """

    train: Data
    validation: Data | None = None
    test: Data | None = None


class Task(Protocol[Config, Data]):
    """What training and evaluation need to know of a domain.

    What the data are (paths, horizon, image size) is the task's own; it was said when the task was
    made. A task may also have, and is asked for where it has them: ``model_options()``, the
    arguments that every model for it needs (``num_classes``); ``collate``, a function from a list
    of examples to a batch; ``best`` and ``goal``, the metric that chooses the best checkpoint and
    whether its ``lowest`` or ``highest`` value does; ``save(folder)``, which writes beside the
    model what using it needs (names of classes, means and spreads).
    """

    def datasets(self, config: Config) -> Splits[Data]:
        """Open the data; training data are map-style: ``len(data)``, ``data[i]``.

        Args:
            config: How training goes (`tk.FitConfig`), for data that depend on its seed.
        """
        ...

    def loss(
        self, model: nn.Module, batch: Mapping[str, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the mean loss over `batch` and the outputs it was computed from.

        Under ``torchrun`` `model` is wrapped: call it, not one of its methods.
        """
        ...

    def evaluate(self, model: nn.Module, data: Data) -> Mapping[str, float]:
        """Return the domain's own metrics of `model` on `data`, by name."""
        ...


class Index(Protocol):
    """Vectors in which neighbours can be found."""

    def search(
        self, queries: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the scores and row numbers of the `k` nearest, best first: ``(n, k)`` each.

        Scores are higher for nearer rows. Where fewer than `k` rows exist, the row number is -1.
        """
        ...


class IndexBackend(Protocol):
    """Where nearest neighbours are found: faiss (cpu, gpu), torch, …."""

    def build(self, vectors: NDArray[np.float32], *, metric: Metric) -> Index:
        """Index `vectors`, ``(n, dim)``."""
        ...


class Executor(Protocol):
    """Where work runs: local processes, Ray."""

    def map(
        self, fn: Callable[[Shard], Result], shards: Iterable[Shard], *, gpus: float = 0
    ) -> Iterator[Result]:
        """Yield ``fn(shard)`` for every shard, in order.

        Args:
            fn: A picklable function.
            shards: Its arguments.
            gpus: How much of a GPU each call needs.
        """
        ...

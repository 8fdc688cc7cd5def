"""An exponential average of the weights (arXiv:1806.05594 and common practice)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

FILE = "averaged.pt"


class Averaged:
    """Average of a model's weights; its buffers are the latest ones."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = model
        self.decay = decay
        self.weights = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self) -> None:
        """Move each average a little towards the weight's present value."""
        averages = [self.weights[name] for name, _ in self.model.named_parameters()]
        present = [parameter.detach() for _, parameter in self.model.named_parameters()]
        torch._foreach_lerp_(averages, present, 1 - self.decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the model have the averages while the block runs."""
        before = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        self.apply()
        try:
            yield
        finally:
            self._set(before)

    def apply(self) -> None:
        """Give the model the averages for good."""
        self._set(self.weights)

    def save(self, folder: Path) -> None:
        """Write the averages into a checkpoint."""
        torch.save(self.weights, folder / FILE)

    def load(self, folder: Path) -> None:
        """Read the averages of a checkpoint."""
        loaded = torch.load(folder / FILE, map_location="cpu", weights_only=True)
        for name, average in self.weights.items():
            average.copy_(loaded[name])

    @torch.no_grad()
    def _set(self, weights: dict[str, torch.Tensor]) -> None:
        for name, parameter in self.model.named_parameters():
            parameter.copy_(weights[name])

"""The task: tell squares, discs and crosses apart. The drawings are made, none is stored."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tk import FitConfig
from tk.protocols import Splits
from tk.training.batches import batches

SIDE = 28
KINDS = ("square", "disc", "cross")


class Drawings:
    """`count` grey drawings, ``(1, 28, 28)``, with noise; the kinds take turns."""

    def __init__(self, count: int, *, noise: float, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        self.kinds = torch.arange(count) % len(KINDS)
        middle = torch.randint(10, SIDE - 10, (2, count, 1, 1), generator=random)
        radius = torch.randint(4, 9, (count, 1, 1), generator=random)
        down = (torch.arange(SIDE)[:, None] - middle[0]).abs()
        right = (torch.arange(SIDE)[None, :] - middle[1]).abs()
        near, far = torch.minimum(down, right), torch.maximum(down, right)
        drawn = (far <= radius, down**2 + right**2 <= radius**2, (near <= 1) & (far <= radius))
        ink = torch.stack(drawn)[self.kinds, torch.arange(count)]
        self.images = ink + noise * torch.randn(count, SIDE, SIDE, generator=random)

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"image": self.images[index][None], "kind": self.kinds[index]}


class Shapes:
    """Learn from drawings of three shapes; what `tk.protocols.Task` asks for.

    Attributes:
        best: Metric that chooses the best checkpoint.
        goal: Its highest value is the best.
    """

    best = "accuracy"
    goal = "highest"

    def __init__(self, *, examples: int = 960, noise: float = 0.1) -> None:
        self.examples = examples
        self.noise = noise

    def model_options(self) -> Mapping[str, Any]:
        """Return what every model for this task needs to know."""
        return {"image": SIDE, "channels": 1, "num_classes": len(KINDS)}

    def datasets(self, config: FitConfig) -> Splits[Drawings]:
        """Make the drawings; the test set is the same for every seed."""
        few = max(self.examples // 4, 1)
        return Splits(
            train=Drawings(self.examples, noise=self.noise, seed=2 + 2 * config.seed),
            validation=Drawings(few, noise=self.noise, seed=3 + 2 * config.seed),
            test=Drawings(few, noise=self.noise, seed=1),
        )

    def loss(
        self, model: nn.Module, batch: Mapping[str, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the mean cross-entropy."""
        logits = model(batch["image"])
        return cross_entropy(logits, batch["kind"]), {"logits": logits}

    def evaluate(self, model: nn.Module, data: Drawings) -> Mapping[str, float]:
        """Return mean loss and accuracy."""
        loss, right = 0.0, 0
        for batch in batches(model, data):
            logits = model(batch["image"])
            loss += float(cross_entropy(logits, batch["kind"], reduction="sum"))
            right += int((logits.argmax(1) == batch["kind"]).sum())
        return {"loss": loss / len(data), "accuracy": right / len(data)}

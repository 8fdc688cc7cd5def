"""Batches for `Task.evaluate`: on the model's device, in order, without gradients."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, default_collate

from tk.training.repeatable import Indexed

Collate = Callable[[list[Any]], Mapping[str, Tensor]]


def batches(
    model: nn.Module,
    data: Indexed[Any],
    *,
    batch_size: int = 64,
    collate: Collate = default_collate,
) -> Iterator[dict[str, Tensor]]:
    """Yield `data` batch by batch, the last one smaller; `model` is in eval mode meanwhile.

    Args:
        model: Where the batches go to.
        data: Examples: tensors by name.
        batch_size: Examples at a time.
        collate: Makes a batch of a list of examples.
    """
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for batch in DataLoader(data, batch_size=batch_size, collate_fn=collate):  # type: ignore[arg-type]
                yield {name: tensor.to(device) for name, tensor in batch.items()}
    finally:
        model.train(was_training)

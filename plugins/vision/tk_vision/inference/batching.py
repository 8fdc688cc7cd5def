"""How many pictures pass through a model at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tk_vision.inference.hardware import free_memory

_SHARE = 0.5
"""Of the free memory; the rest is the system's, and what the estimate misses."""
_LIVE = 6
"""Tensors as large as a layer's input and output that may live at once (residuals, q, k, v)."""
_CACHE = 16 << 20
"""Bytes of the largest layer's tensors that a processor's caches should hold: with poolformer-s12
at 224 pixels, a picture took 58 ms in batches of 4 and 69 ms in batches of 64 (EPYC, one core)."""
_MOST_ON_CPU, _MOST = 64, 1024


def pick_batch_size(model: nn.Module, example: Tensor) -> int:
    """Return a batch size whose activations fit into the free memory, a power of two.

    On a processor, what fits into the caches: larger batches are slower.

    Args:
        model: In eval mode, on its device.
        example: One picture, ``(1, 3, S, S)``, there too. The model is run on it once.
    """
    largest = max(_layer_bytes(model, example), example.nbytes)
    fits = int(free_memory(example.device) * _SHARE) // (largest * _LIVE)
    most = _MOST
    if example.device.type == "cpu":
        most = min(max(_CACHE // largest, 1), _MOST_ON_CPU)
    return 1 << (max(min(fits, most), 1).bit_length() - 1)


def _layer_bytes(model: nn.Module, example: Tensor) -> int:
    """Return the bytes of the largest input and output of a layer, for one picture."""
    largest = 0

    def look(module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        nonlocal largest
        tensors = [t for t in (*inputs, output) if isinstance(t, Tensor)]
        largest = max(largest, sum(t.nbytes for t in tensors))

    leaves = [module for module in model.modules() if not any(module.children())]
    handles = [leaf.register_forward_hook(look) for leaf in leaves]
    try:
        with torch.inference_mode():
            model(example)
    finally:
        for handle in handles:
            handle.remove()
    return largest


def in_pieces(function: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
    """Return ``function(batch)``; where a GPU's memory does not suffice, by halves."""
    try:
        return function(batch)
    except torch.OutOfMemoryError:
        if len(batch) == 1:
            raise
        torch.cuda.empty_cache()
    return torch.cat([in_pieces(function, half) for half in batch.chunk(2)])

"""Golden values: a model's outputs for weights that a formula gives, on every machine the same."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tk.testing.models import tensors

_STEP = 1.7
"""Radians between neighbouring weights; no short period, so that no two rows are alike."""
_SHOWN = 6
_TOLERANCE = 1e-4
"""Relative to the largest value: above float32's noise, below any change of the computation."""


def wave(*shape: int, phase: float = 0.0) -> Tensor:
    """Return a float32 tensor of sines, ``sin(phase + 1.7 i)``: an input without randomness."""
    count = torch.Size(shape).numel()
    steps = torch.arange(count, dtype=torch.float64) * _STEP + phase
    return torch.sin(steps).view(shape).float()


def fill(model: nn.Module) -> nn.Module:
    """Set every weight and floating-point buffer of `model` by the formula; return the model.

    Matrices get waves of variance 1 / fan-in, scales (and variances) ``1 + wave / 10``, the
    other vectors ``wave / 10``.
    """
    with torch.no_grad():
        for number, (name, tensor) in enumerate(sorted(model.state_dict().items())):
            if not tensor.is_floating_point():
                continue
            values = wave(*tensor.shape, phase=float(number))
            if tensor.ndim > 1:
                values *= (2 * len(tensor) / max(tensor.numel(), 1)) ** 0.5
            else:
                is_scale = name.endswith(("weight", "gamma", "running_var"))
                values = values / 10 + is_scale
            tensor.copy_(values)
    return model


def assert_golden(
    model: nn.Module, inputs: Mapping[str, Tensor], expected: Mapping[str, Sequence[float]]
) -> None:
    """Compare six values of every output with recorded ones.

    Args:
        model: It is filled and put into eval mode first.
        inputs: Arguments of ``forward``; `wave` makes them.
        expected: By output name (``output``, ``output.0``, ``output.logits``); the message of a
            failure shows what to record, once parity holds.
    """
    with torch.no_grad():
        found = dict(tensors(fill(model).eval()(**inputs)))
    sampled = {name: _sample(tensor) for name, tensor in found.items()}
    assert sampled.keys() == expected.keys(), f"the outputs are {sampled}"
    for name, values in sampled.items():
        allowed = _TOLERANCE * float(found[name].abs().max())
        recorded = list(expected[name])
        pairs = zip(values, recorded, strict=False)
        is_same = len(values) == len(recorded) and all(abs(a - b) <= allowed for a, b in pairs)
        assert is_same, f"{name} is {values}, was {recorded}"


def _sample(tensor: Tensor) -> list[float]:
    """Pick values at equal distances, the first and the last among them."""
    flat = tensor.detach().double().flatten()
    places = torch.linspace(0, len(flat) - 1, min(_SHOWN, len(flat))).round().long()
    return [round(value, 6) for value in flat[places].tolist()]

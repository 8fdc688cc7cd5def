"""Assert what every model of the toolkit promises."""

import tempfile
from collections.abc import Iterator, Mapping
from typing import cast

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

_BATCH_TOLERANCE = 1e-5
"""Relative to the largest value: room for another summation order, not for another result."""


def assert_model(model: nn.Module, inputs: Mapping[str, Tensor]) -> None:
    """Check determinism, gradients, independence of the batch, and saving.

    Args:
        model: A model with `huggingface_hub.PyTorchModelHubMixin`.
        inputs: Arguments of ``forward``, each with two or more rows along the first dimension.
    """
    model.eval()
    first = _forward(model, inputs)
    assert first, "forward returns no tensor"
    for name, output in first.items():
        if output.is_floating_point():
            assert torch.isfinite(output).all(), f"{name} is not finite"
    _assert_same(first, _forward(model, inputs), tolerance=0.0, what="a second call")
    _assert_rows_are_independent(model, inputs, first)
    _assert_gradients(model, inputs)
    _assert_round_trip(model, inputs, first)


def tensors(output: object, name: str = "output") -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor in what a model returns, with the path to it."""
    if isinstance(output, Tensor):
        yield name, output
    elif isinstance(output, Mapping):
        for key, item in output.items():
            yield from tensors(item, f"{name}.{key}")
    elif isinstance(output, list | tuple):
        for index, item in enumerate(output):
            yield from tensors(item, f"{name}.{index}")


def _forward(model: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    with torch.no_grad():
        return dict(tensors(model(**inputs)))


def _assert_same(
    expected: Mapping[str, Tensor], found: Mapping[str, Tensor], *, tolerance: float, what: str
) -> None:
    assert expected.keys() == found.keys(), f"{what} returns {sorted(found)}"
    for name, tensor in expected.items():
        other = found[name]
        assert tensor.shape == other.shape, f"{what}: {name} has shape {tuple(other.shape)}"
        if tensor.numel() and tensor.dtype != torch.bool:
            allowed = tolerance * float(tensor.abs().max())
            difference = float((tensor - other).abs().max())
            assert difference <= allowed, f"{what} changes {name} by {difference:.3g}"


def _assert_rows_are_independent(
    model: nn.Module, inputs: Mapping[str, Tensor], whole: Mapping[str, Tensor]
) -> None:
    rows = {len(tensor) for tensor in inputs.values()}
    assert min(rows, default=0) >= 2, "give inputs with two or more rows"
    single = _forward(model, {name: tensor[:1] for name, tensor in inputs.items()})
    batched = {name: t[:1] for name, t in whole.items() if t.ndim and len(t) in rows}
    single = {name: single[name] for name in batched}
    _assert_same(batched, single, tolerance=_BATCH_TOLERANCE, what="a batch of one")


def _assert_gradients(model: nn.Module, inputs: Mapping[str, Tensor]) -> None:
    outputs = [t for _, t in tensors(model(**inputs)) if t.requires_grad]
    assert outputs, "no output depends on a parameter"
    # A plain sum has no gradient through a last normalisation or softmax; a fixed ramp has.
    ramps = [torch.linspace(-1, 1, t.numel(), dtype=t.dtype).view_as(t) for t in outputs]
    loss = torch.stack([(t * ramp).sum() for t, ramp in zip(outputs, ramps, strict=True)]).sum()
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    gradients = torch.autograd.grad(loss, [p for _, p in named], allow_unused=True)
    dead = [name for (name, _), gradient in zip(named, gradients, strict=True) if gradient is None]
    assert not dead, f"no gradient reaches {', '.join(dead)}"


def _assert_round_trip(
    model: nn.Module, inputs: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> None:
    assert isinstance(model, PyTorchModelHubMixin), "the model lacks PyTorchModelHubMixin"
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        again = cast(nn.Module, type(model).from_pretrained(folder))
    again.eval()
    _assert_same(expected, _forward(again, inputs), tolerance=0.0, what="saving and loading")

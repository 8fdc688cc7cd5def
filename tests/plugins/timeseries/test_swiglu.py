"""The layer done in pieces is the layer."""

import torch
from torch.nn import functional as F

from tk_timeseries.entrope import swiglu
from tk_timeseries.entrope.swiglu import SwiGLU


def plain(layer, x):
    return layer.w2(F.silu(layer.w1(x)) * layer.w3(x))


def test_pieces_give_the_same_values_and_gradients(monkeypatch):
    monkeypatch.setattr(swiglu, "_VALUES", 64)
    layer = SwiGLU(4, 16).double()
    x = torch.randn(3, 7, 4, dtype=torch.float64, requires_grad=True)
    weights = [x, *layer.parameters()]
    for ours, theirs in zip(
        torch.autograd.grad(layer(x).square().sum(), weights),
        torch.autograd.grad(plain(layer, x).square().sum(), weights),
        strict=True,
    ):
        assert torch.allclose(ours, theirs)


def test_nothing_is_kept_of_the_hidden_layer():
    layer = SwiGLU(4, 1024)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        layer(torch.randn(2000, 4, requires_grad=True)).sum()
    assert max(tensor.numel() for tensor in kept) < 2000 * 1024

"""The loss in pieces is torch's cross-entropy, gradients too."""

import pytest
import torch
from torch.nn import functional as F

from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.token_loss import token_loss


def made(dtype=torch.float64):
    torch.manual_seed(0)
    states = torch.randn(
        7, 150, 8, dtype=dtype, requires_grad=True
    )  # three pieces, one of them short
    table = torch.randn(20, 8, dtype=dtype, requires_grad=True)
    return states, table, torch.randint(0, 20, (7, 150))


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_value_and_gradients_are_those_of_cross_entropy(dtype, error):
    states, table, targets = made(dtype)
    plain = F.cross_entropy(F.linear(states, table).flatten(0, 1), targets.flatten())
    mine = token_loss(states, table, targets)
    assert torch.allclose(mine, plain, atol=0, rtol=error)
    wanted = torch.autograd.grad(3 * plain, (states, table))
    for found, want in zip(torch.autograd.grad(3 * mine, (states, table)), wanted, strict=True):
        assert (found - want).abs().max() <= error * want.abs().max()
    with torch.no_grad():
        assert torch.allclose(token_loss(states, table, targets), plain, atol=0, rtol=error)


def test_the_entropy_model_returns_the_loss_of_targets():
    torch.manual_seed(0)
    model = EntropyModel(heads=2, vocabulary=20, length=12, width=8)
    ids = torch.randint(0, 20, (3, 13))
    logits = model(ids[:, :-1])
    plain = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    assert torch.allclose(model(ids[:, :-1], ids[:, 1:]), plain)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.allclose(model(ids[:, :-1], ids[:, 1:]).float(), plain, rtol=0.02)

"""The chunked scan is the recurrence, and its gradient."""

import pytest
import torch
from torch.nn import functional as F

import tk_vision.mamba2 as module
from tk.testing import fill, wave
from tk_vision.mamba2 import Mamba2, scan


def made(length, *, heads=3, channels=4, state=5, dtype=torch.float64):
    x = wave(2, length, heads, channels)
    step = F.softplus(2 * wave(2, length, heads, phase=1.0))
    rate = -torch.tensor([0.5, 4.0, 16.0])
    b, c = (wave(2, length, state, phase=phase) for phase in (2.0, 3.0))
    return [each.to(dtype) for each in (x, step, rate, b, c)]


def recurrence(x, step, rate, b, c):
    state, found = x.new_zeros(*x.shape[0:1], *x.shape[2:], b.shape[-1]), []
    for t in range(x.shape[1]):
        added = (step[:, t, :, None] * x[:, t])[..., None] * b[:, t, None, None]
        state = (step[:, t] * rate).exp()[..., None, None] * state + added
        found.append((state * c[:, t, None, None]).sum(-1))
    return torch.stack(found, 1), state


@pytest.mark.parametrize("length", [1, 7, 8, 30])
@pytest.mark.parametrize("chunk", [1, 3, 8, 64])
def test_chunks_give_what_the_recurrence_does(length, chunk):
    for found, expected in zip(
        scan(*made(length), chunk=chunk), recurrence(*made(length)), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_fast_decay_costs_no_digits_in_single_precision():
    exact, _ = recurrence(*made(500))
    found, _ = scan(*made(500, dtype=torch.float32))
    assert (found - exact).abs().max() <= 1e-6 * exact.abs().max()


def test_a_scan_goes_on_where_another_ended():
    x, step, rate, b, c = made(30)
    whole, last = scan(x, step, rate, b, c, chunk=8)
    first, state = scan(x[:, :11], step[:, :11], rate, b[:, :11], c[:, :11], chunk=8)
    second, state = scan(x[:, 11:], step[:, 11:], rate, b[:, 11:], c[:, 11:], state=state, chunk=8)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=0, atol=1e-12)


def test_scan_has_the_recurrences_gradient():
    inputs = [each.requires_grad_() for each in made(21)]
    weights = wave(2, 21, 3, 4).double()
    gradients = [
        torch.autograd.grad((computed(*inputs)[0] * weights).sum(), inputs)
        for computed in (lambda *given: scan(*given, chunk=4), recurrence)
    ]
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("span", [1, 2, 7, 20])
def test_spans_change_neither_outputs_nor_gradients(monkeypatch, span):
    mixer, tokens = fill(Mamba2(8, state=4, head_dim=4, chunk=4)).double(), wave(2, 21, 8).double()
    tokens.requires_grad_()
    found = []
    for size in (module._SPAN, span):
        monkeypatch.setattr(module, "_SPAN", size)
        y = mixer(tokens)
        with torch.no_grad():
            torch.testing.assert_close(mixer(tokens), y, rtol=0, atol=1e-12)
        weights = [tokens, *mixer.parameters()]
        found.append([y, *torch.autograd.grad((y * wave(2, 21, 8)).sum(), weights)])
    for whole, split in zip(*found, strict=True):
        torch.testing.assert_close(split, whole, rtol=0, atol=1e-11)


def test_no_token_sees_a_later_one():
    mixer, tokens = fill(Mamba2(8, state=4, head_dim=4, chunk=4)), wave(1, 10, 8)
    other = tokens.clone()
    other[:, 6:] += 1
    before, after = mixer(tokens), mixer(other)
    torch.testing.assert_close(before[:, :6], after[:, :6], rtol=0, atol=1e-6)
    assert (before[:, 6] - after[:, 6]).abs().max() > 1e-3


def test_half_precision_stays_near():
    mixer, tokens = fill(Mamba2(16, state=8, head_dim=8)), wave(1, 200, 16)
    exact = mixer(tokens)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = mixer(tokens)
    whole = mixer.bfloat16()(tokens.bfloat16())  # where weights are cast too
    for found in (cast, whole):
        assert found.dtype == torch.bfloat16
        assert (found.float() - exact).abs().max() <= 0.03 * exact.abs().max()


def test_first_steps_are_short():
    steps = F.softplus(Mamba2(64, head_dim=2).dt_bias)
    assert 1e-3 * 0.999 <= steps.min() < steps.max() <= 0.1001

"""Attention in pieces is attention."""

import pytest
import torch
from torch.nn import functional as F

from tk_timeseries.entrope import attention
from tk_timeseries.entrope.attention import attend
from tk_timeseries.entrope.blocks import Attention


@pytest.fixture(params=[40, 1_000_000], ids=["many pieces", "one piece"])
def pieces(request, monkeypatch):
    monkeypatch.setattr(attention, "_VALUES", request.param)


def made(queries, keys, *, rows=5, heads=2, channels=4):
    torch.manual_seed(0)
    lengths = (queries, keys, keys)
    return [
        torch.randn(rows, heads, channels, length, dtype=torch.float64, requires_grad=True)
        for length in lengths
    ]


def by_torch(q, k, v, **mask):
    return F.scaled_dot_product_attention(q.mT, k.mT, v.mT, attn_mask=mask.get("mask"),
                                          is_causal=mask.get("is_causal", False)).mT  # fmt: skip


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize(("queries", "keys"), [(6, 6), (7, 3), (3, 7), (1, 1)])
@pytest.mark.parametrize("kind", ["all", "causal", "rows", "keys"])
def test_values_and_gradients_are_those_of_torch(queries, keys, kind):
    if kind == "causal" and queries != keys:
        return
    inputs = made(queries, keys)
    seen = torch.rand(5, 1, queries if kind == "rows" else 1, keys) < 0.6
    seen[..., 0] = True
    options = {"all": {}, "causal": {"is_causal": True}}.get(kind, {"mask": seen})
    found, wanted = attend(*inputs, **options), by_torch(*inputs, **options)
    torch.testing.assert_close(found, wanted)
    weight = torch.randn_like(found)
    mine = torch.autograd.grad((found * weight).sum(), inputs)
    theirs = torch.autograd.grad((wanted * weight).sum(), inputs)
    torch.testing.assert_close(mine, theirs)


def test_mixed_precision_goes_to_torchs_own_kernel():
    layer, x = Attention(8, 2), torch.randn(2, 5, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = layer.among(x, is_causal=True)
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), layer.among(x, is_causal=True), atol=0.05, rtol=0.05)

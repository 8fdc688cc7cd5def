"""Groups of cells, near and far, against a reading of the paper cell by cell."""

import pytest
import torch

from tk_vision.crossformer_attention import GroupAttention, PositionBias

SHAPE = {"padding": "end", "masked": True, "qkv_bias": True}


def attention(group, interval, **options):
    torch.manual_seed(0)
    shape = {**SHAPE, **options}
    return GroupAttention(32, 4, group=group, interval=interval, **shape).double().eval()


def maps(height, width):
    return torch.randn(2, height, width, 32, dtype=torch.float64)


def group_by_group(attn, x, step):
    """Section 3.2 with loops, on a map padded after the norm; a small map becomes one square."""
    height, width = x.shape[1:3]
    size = attn.group
    if min(height, width) <= size:
        size, step = max(height, width), 1
    lacks = [-side % (size * step) for side in (height, width)]
    starts = [lack // 2 if attn.padding == "both" else 0 for lack in lacks]
    padded = x.new_zeros(len(x), height + lacks[0], width + lacks[1], x.shape[3])
    outside = torch.ones(padded.shape[1:3])
    inner = (slice(starts[0], starts[0] + height), slice(starts[1], starts[1] + width))
    padded[:, *inner], outside[inner] = x, 0
    query, key, value = attn.qkv(padded).chunk(3, -1)
    out = torch.zeros_like(padded)
    cells = torch.cartesian_prod(torch.arange(size), torch.arange(size))
    offsets = (cells[:, None] - cells[None]).double().flatten(0, 1)
    bias = attn.pos(offsets).unflatten(0, (len(cells), -1)).permute(2, 0, 1)
    macro = size * step
    corners = [
        (top + i, left + j)
        for top in range(0, padded.shape[1], macro)
        for left in range(0, padded.shape[2], macro)
        for i in range(step)
        for j in range(step)
    ]
    for top, left in corners:
        rows, columns = top + cells[:, 0] * step, left + cells[:, 1] * step
        q, k, v = (
            part[:, rows, columns].unflatten(-1, (4, -1)).transpose(1, 2)
            for part in (query, key, value)
        )
        logits = q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2) + bias
        if attn.masked:
            logits = logits - 1e6 * outside[rows, columns]
        out[:, rows, columns] = (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)
    return attn.proj(out[:, *inner])


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("sides", [(12, 12), (7, 10), (9, 5), (3, 8), (2, 2), (4, 20)])
@pytest.mark.parametrize("padding", ["end", "both"])
def test_groups_at_once_are_groups_one_by_one(step, sides, padding):
    attn, x = attention(3, step, padding=padding), maps(*sides)
    torch.testing.assert_close(attn(x), group_by_group(attn, x, step))


@pytest.mark.parametrize("qkv_bias", [True, False])
@pytest.mark.parametrize("padding", ["end", "both"])
def test_without_a_mask_padding_takes_part(padding, qkv_bias):
    attn, x = attention(3, 2, padding=padding, masked=False, qkv_bias=qkv_bias), maps(7, 10)
    found = attn(x)
    torch.testing.assert_close(found, group_by_group(attn, x, 2))
    attn.masked = True
    assert not torch.allclose(found, attn(x))


def test_an_interval_that_adapts_spans_the_map():
    x = maps(8, 11)
    torch.testing.assert_close(attention(3, 0)(x), attention(3, 4)(x))


def test_distances_of_one_are_neighbours_and_full_groups_need_no_mask():
    attn = attention(4, 2)
    assert attn.grouping(16, 24).pads == (0, 0, 0, 0)
    assert attn.grouping(15, 24).pads == (0, 0, 0, 1)
    assert attention(4, 1).grouping(15, 15).interval == 1


def test_a_pair_of_blocks_lets_every_cell_reach_every_other():
    near, far = attention(3, 1), attention(3, 2)
    x = maps(6, 6).requires_grad_()
    far(near(x))[0, 2, 3].sum().backward()
    assert (x.grad[0].abs().sum(-1) > 0).all()


def test_half_floats_with_padded_groups_stay_finite():
    attn = attention(3, 2).bfloat16()
    x = maps(13, 7).bfloat16().requires_grad_()
    found = attn(x)
    found.sum().backward()
    assert found.isfinite().all()
    assert x.grad.isfinite().all()


def test_a_residual_bias_passes_its_input_by():
    torch.manual_seed(0)
    bias, offsets = PositionBias(32, 4, residual=True), torch.randn(5, 2)
    for layer in (bias.pos1[2], bias.pos2[2]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    assert torch.equal(bias(offsets), bias.pos3(bias.pos_proj(offsets)))
    bias.residual = False
    assert not torch.allclose(bias(offsets), bias.pos3(bias.pos_proj(offsets)))

import pytest
import torch
from torch import nn

from tk import InputError, UsageError
from tk.nn import (
    Attention,
    DropPath,
    LayerScale,
    Mlp,
    PatchEmbed,
    RelativePositionBias,
    count,
    drop_rates,
    join_windows,
    relative_index,
    resize_positions,
    shift_mask,
    split_windows,
)
from tk.testing import wave


def test_attention_is_softmax_of_scaled_products_head_by_head():
    layer = Attention(8, heads=2).double()
    x, bias = wave(2, 5, 8).double(), wave(2, 5, 5).double()
    q, k, v = layer.qkv(x).chunk(3, dim=-1)
    heads = []
    for h in range(2):
        part = slice(4 * h, 4 * h + 4)
        logits = q[..., part] @ k[..., part].transpose(1, 2) / 2 + bias[h]
        heads.append(logits.softmax(-1) @ v[..., part])
    expected = layer.proj(torch.cat(heads, -1))
    torch.testing.assert_close(layer(x, bias), expected, rtol=0, atol=1e-12)


def test_attention_refuses_a_width_that_heads_do_not_divide():
    with pytest.raises(UsageError, match="width 10 cannot be split into 4 heads"):
        Attention(10, heads=4)


def test_drop_path_leaves_out_samples_and_keeps_the_mean():
    torch.manual_seed(0)
    layer, x = DropPath(0.25), torch.ones(4000, 2)
    out = layer(x)
    assert sorted(set(out[:, 0].tolist())) == [0.0, pytest.approx(4 / 3)]
    assert torch.equal(out[:, 0], out[:, 1])
    assert abs(float(out.mean()) - 1) < 0.03
    assert layer.eval()(x) is x
    assert drop_rates(0.2, 3) == [0.0, 0.1, 0.2]
    assert drop_rates(0.2, 1) == [0.0]


def test_mlp_uses_the_exact_gelu():
    layer = Mlp(3, 6)
    x = wave(2, 3)
    assert torch.equal(layer(x), layer.fc2(nn.functional.gelu(layer.fc1(x))))


def test_patches_come_row_by_row():
    layer = PatchEmbed(2, 1, channels=1, bias=False)
    nn.init.constant_(layer.proj.weight, 0.25)
    image = torch.arange(24.0).view(1, 1, 4, 6)
    assert layer(image).flatten().tolist() == [3.5, 5.5, 7.5, 15.5, 17.5, 19.5]
    with pytest.raises(InputError, match="5 x 6 cannot be cut into patches of 2"):
        layer(torch.zeros(1, 1, 5, 6))


def test_layer_scale_multiplies_one_axis():
    layer = LayerScale(3, initial=0.5, axis=1)
    assert torch.equal(layer(torch.ones(2, 3, 4)), torch.full((2, 3, 4), 0.5))


@pytest.mark.parametrize(("sides", "window"), [((4, 6), (2, 3)), ((2, 4, 6), (1, 2, 3))])
def test_windows_hold_neighbours_and_go_back_together(sides, window):
    x = wave(2, *sides, 5)
    windows = split_windows(x, window)
    corner = x[(0, *(slice(w) for w in window))]
    assert torch.equal(windows[0], corner.reshape(-1, 5))
    assert torch.equal(join_windows(windows, window, sides), x)


def test_the_relative_index_counts_offsets_row_by_row():
    index = relative_index((2, 3))
    assert index.shape == (6, 6)
    assert index[0, 0] == index[5, 5] == 1 * 5 + 2  # no offset: the middle of 3 x 5
    assert index[0, 5] == 0
    assert index[5, 0] == 14
    assert RelativePositionBias((2, 3), heads=4)().shape == (4, 6, 6)


def test_the_shift_mask_keeps_apart_what_rolling_brought_together():
    sides, window, shift = (4, 4), (2, 2), (1, 1)
    mask = shift_mask(sides, window, shift)
    places = torch.stack(torch.meshgrid(*map(torch.arange, sides), indexing="ij"), -1)
    rolled = split_windows(places.roll((-1, -1), (0, 1))[None], window).float()
    distance = (rolled[:, :, None] - rolled[:, None]).abs().amax(-1)
    assert torch.equal(mask == 0, distance <= 1)
    assert not shift_mask(sides, window, (0, 0)).any()


def test_positions_of_a_grid_that_is_no_square_are_stretched_by_its_sides():
    columns = torch.arange(6.0).repeat(2).view(1, 12, 1)
    assert resize_positions(columns, (2, 6), prefix=0, own=(2, 6)) is columns
    taller = resize_positions(columns, (5, 6), prefix=0, own=(2, 6)).view(5, 6)
    assert torch.allclose(taller, torch.arange(6.0).expand(5, 6), atol=1e-5)
    with pytest.raises(UsageError, match="12 positions is no 3 × 5 grid"):
        resize_positions(columns, (5, 6), prefix=0, own=(3, 5))


def test_count_counts_what_stands_for_the_star():
    names = ["blocks.0.w", "blocks.1.w", "blocks.1.b", "blocks.1.w.x"]
    assert count(names, "blocks.*.w") == 2
    with pytest.raises(KeyError):
        count(names, "layers.*.w")

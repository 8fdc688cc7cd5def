"""Twins-SVT: published sizes, any multiple of 32, windows padded where they do not divide."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.testing import assert_golden, assert_model, wave
from tk_vision.twins import SubsampledAttention, Twins, WindowAttention


def small(**options):
    torch.manual_seed(0)
    sizes = {"dims": [8, 8, 16, 16], "heads": [2] * 4, "depths": [2, 2, 2, 1], "num_classes": 5}
    return Twins(**{**sizes, "windows": [7] * 4, "mlp_ratios": [2] * 4, **options}).eval()


# timm's counts; multiply-adds of one image in 10⁹ as the paper's table 1 has them.
@pytest.mark.parametrize(
    ("name", "millions", "giga"),
    [
        ("twins-svt-s", 24.06, 2.9),
        ("twins-svt-b", 56.07, 8.6),
        ("twins-svt-l", 99.27, 15.1),
        ("twins-pcpvt-s", 24.11, 3.8),
        ("twins-pcpvt-b", 43.83, 6.7),
        ("twins-pcpvt-l", 60.99, 9.8),
    ],
)
def test_as_many_parameters_and_flops_as_published(name, millions, giga):
    with torch.device("meta"):
        model, image = tk.create(name), torch.zeros(1, 3, 224, 224)
    assert sum(w.numel() for w in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)
    with FlopCounterMode(display=False) as counter:
        model(image)
    assert counter.get_total_flops() / 2e9 == pytest.approx(giga, rel=0.04)


def test_golden():
    assert_golden(
        small(),
        {"image": wave(2, 3, 64, 64)},
        {"output": [1.149814, -0.290772, -0.749069, -0.283063, 0.201889, 0.145584]},
    )


def test_promises():
    assert_model(small(), {"image": wave(2, 3, 64, 96)})


def test_windows_see_their_own_tokens_and_zeros_beyond_the_border():
    torch.manual_seed(0)
    attn, x = WindowAttention(8, 2, 4).eval(), wave(1, 30, 8)
    found = attn.attend(x, (5, 6)).view(1, 5, 6, 8)
    maps = x.view(1, 5, 6, 8)
    assert torch.allclose(found[0, :4, :4].flatten(0, 1), attn(maps[:, :4, :4].flatten(1, 2))[0])
    corner = torch.zeros(1, 4, 4, 8)
    corner[:, :1, :2] = maps[:, 4:, 4:]
    assert torch.allclose(found[0, 4, 4:], attn(corner.flatten(1, 2))[0, :2], atol=1e-6)


def test_sub_sampling_by_one_is_plain_attention_to_all():
    torch.manual_seed(0)
    attn, x = SubsampledAttention(8, 2, 1), wave(2, 12, 8)
    plain = tk.nn.Attention(8, heads=2)
    plain.qkv.load_state_dict(
        {
            name: torch.cat([getattr(attn.q, name), getattr(attn.kv, name)])
            for name in ("weight", "bias")
        }
    )
    plain.proj.load_state_dict(attn.proj.state_dict())
    assert torch.allclose(attn.attend(x, (3, 4)), plain(x), atol=1e-6)


def test_any_multiple_of_32_gives_a_pyramid():
    model = small()
    maps = model.pyramid(wave(1, 3, 64, 96))
    assert [tuple(m.shape[1:]) for m in maps] == [(8, 16, 24), (8, 8, 12), (16, 4, 6), (16, 2, 3)]
    assert (model.strides, model.widths) == ([4, 8, 16, 32], [8, 8, 16, 16])


@pytest.mark.parametrize("wrong", [{"heads": [3] * 4}, {"windows": [7] * 3}])
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(tk.UsageError, match="3"):
        small(**wrong)


def test_sides_that_patches_do_not_divide_are_refused():
    with pytest.raises(tk.InputError, match=r"17 x 16 .* multiples of 32"):
        small()(wave(1, 3, 68, 64))

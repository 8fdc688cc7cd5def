"""TNT computes what the published implementation computes."""

import math
import re

import pytest
import torch
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.checkpoints.renaming import rename
from tk.testing import (
    assert_golden,
    assert_model,
    assert_parity,
    parity_cases,
    published,
    recorded,
    wave,
)
from tk_vision.tnt import TNT

NAMES = {
    "depth": "depth",
    "img_size": "image",
    "patch_size": "patch",
    "inner_stride": "stride",
    "in_chans": "channels",
    "num_classes": "num_classes",
    "mlp_ratio": "mlp_ratio",
    "qkv_bias": "qkv_bias",
    "inner_dim": "inner",
    "outer_dim": "outer",
    "inner_num_heads": "inner_heads",
    "outer_num_heads": "outer_heads",
}


def arguments(config):
    found = {ours: config[theirs] for theirs, ours in NAMES.items() if theirs in config}
    for level in ("inner", "outer"):
        found[level] = divisible(found[level], found[f"{level}_heads"])
    return found | {"gated": config.get("se", 0) > 0}


def divisible(width, heads):
    """Round as the reference does: to the nearest multiple, never down by more than a tenth."""
    rounded = max(heads, int(width + heads / 2) // heads * heads)
    return rounded if rounded >= 0.9 * width else rounded + heads


def run(model, inputs):
    streams = {"mid.block0_inner": "blocks.0", "mid.block0_outer": ("blocks.0", 1)}
    with recorded(model, streams) as mid:
        logits = model(inputs["image"])
    found = {"logits": logits, "features": model.features(inputs["image"]), **mid}
    return found | {"mid.patch_embed": model.words(inputs["image"])}


@pytest.mark.parametrize("path", parity_cases("tnt"))
def test_parity(path):
    assert_parity(path, published(TNT, arguments), run)


def small(**options):
    torch.manual_seed(0)
    sizes = {"inner": 8, "outer": 16, "inner_heads": 2, "outer_heads": 4, "depth": 2}
    return TNT(**{**sizes, "image": 32, "num_classes": 5, **options}).eval()


def test_golden():
    values = [-1.01332, 0.001108, 0.931411, -0.69234, -0.170913, 0.798361]
    assert_golden(small(), {"image": wave(2, 3, 32, 32)}, {"output": values})


@pytest.mark.parametrize(
    "options",
    [
        {"gated": True, "qkv_bias": True, "dropout": 0.1, "drop_path": 0.1},
        {"image": [16, 48], "stride": 3, "channels": 3, "mlp_ratio": 2.0},
        {"patch": 8, "stride": 5, "depth": 1},
    ],
)
def test_promises(options):
    assert_model(small(**options), {"image": wave(2, 3, 32, 32)})


@pytest.mark.parametrize(
    ("name", "millions", "giga"),
    [("tnt-ti", 6.1, 1.4), ("tnt-s", 23.844, 5.2), ("tnt-b", 65.554, 14.1)],
)
def test_parameters_and_multiply_adds_as_published(name, millions, giga):
    with torch.device("meta"):
        model, image = tk.create(name), torch.empty(1, 3, 224, 224)
    unused = 196 * model.widths[0] / 1e6  # the reference's frozen zeros
    weights = sum(weight.numel() for weight in model.parameters()) / 1e6
    with FlopCounterMode(display=False) as counter:
        model(image)
    adds = counter.get_total_flops() / 2e9  # papers count a multiplication and its addition once
    print(f"{name}: {weights:.3f} M parameters, {adds:.3f} G multiply-adds")
    assert weights + unused == pytest.approx(millions, abs=0.001 if millions > 10 else 0.05)
    assert adds == pytest.approx(giga, abs=0.051)  # TNT-B has 14.049


def test_words_of_one_patch_never_see_another():
    model, image = small(), wave(1, 3, 32, 32)
    other = image.clone()
    other[..., 0, 0] += 1.0
    before, after = [], []
    for each, seen in ((image, before), (other, after)):
        model.blocks[1].inner.register_forward_hook(lambda _m, _i, out, seen=seen: seen.append(out))
        model(each)
        model.blocks[1].inner._forward_hooks.clear()
    assert torch.equal(before[0][1:], after[0][1:])
    assert not torch.equal(before[0][0], after[0][0])


@pytest.mark.parametrize("wrong", [{"image": 30}, {"inner_heads": 3}])
def test_sizes_that_cannot_be_are_refused(wrong):
    with pytest.raises(tk.UsageError, match="|".join(map(str, wrong.values()))):
        small(**wrong)


@pytest.mark.parametrize("shape", [(2, 3, 40, 32), (2, 1, 32, 32), (3, 32, 32)])
def test_images_that_cannot_be_cut_are_refused(shape):
    with pytest.raises(tk.InputError, match=r"takes \(B, 3, H, W\) with H and W multiples of 16"):
        small()(wave(*shape))


def test_images_of_another_size_get_stretched_positions():
    model, image = small(), wave(2, 3, 32, 80)
    wide = small(image=[32, 80])
    weights = model.state_dict()
    with torch.no_grad():
        table = weights["outer_pos"][:, 1:].transpose(1, 2).unflatten(2, (2, 2))
        table = torch.nn.functional.interpolate(table, (2, 5), mode="bicubic")
        weights["outer_pos"] = torch.cat(
            [weights["outer_pos"][:, :1], table.flatten(2).transpose(1, 2)], dim=1
        )
        wide.load_state_dict(weights)
        assert torch.equal(model(image), wide(image))
        assert wide(wave(2, 3, 48, 48)).shape == (2, 5)  # from a table that is no square


def test_patches_that_change_places_with_their_positions_change_nothing_else():
    model, image = small(), wave(1, 3, 32, 32)
    before = model.pyramid(image)[-1]
    swapped = torch.cat([image[..., 16:], image[..., :16]], dim=-1)
    with torch.no_grad():
        model.outer_pos[:, 1:] = model.outer_pos[:, 1:].unflatten(1, (2, 2)).flip(2).flatten(1, 2)
    assert torch.allclose(model.pyramid(swapped)[-1].flip(3), before, atol=1e-6)


def test_the_pyramid_has_four_maps_of_one_stride():
    model, image = small(depth=5), wave(2, 3, 32, 48)
    maps = model.pyramid(image)
    assert (model.strides, model.widths) == ([16] * 4, [16] * 4)
    assert [tuple(each.shape) for each in maps] == [(2, 16, 2, 3)] * 4
    states = list(model.states(image))
    assert torch.equal(maps[0][:, :, 1, 0], states[1][:, 4])
    assert torch.equal(model.norm(states[-1])[:, 0], model.features(image))


TIMM = [  # the authors' names, and timm's
    ("patch_embed.proj.", "pixel_embed.proj."),
    ("inner_pos", "pixel_pos"),
    ("outer_pos", "patch_pos"),
    ("proj_norm1", "norm1_proj"),
    ("proj_norm2", "norm2_proj"),
    ("inner_norm1", "norm_in"),
    ("inner_attn", "attn_in"),
    ("inner_norm2", "norm_mlp_in"),
    ("inner_mlp", "mlp_in"),
    ("outer_norm1", "norm_out"),
    ("outer_attn", "attn_out"),
    ("outer_norm2", "norm_mlp"),
    ("outer_mlp", "mlp"),
]
OURS = [  # ours, and the authors'
    (r"^embed\.", "patch_embed.proj."),
    (r"\.outer\.gate\.", ".se_layer.fc."),
    (r"\.(inner|outer)\.", r".\1_"),
    (r"fusion\.norm", "proj_norm"),
    (r"fusion\.proj", "proj"),
]


def theirs(model, *, timm):
    """Name our tensors as the authors do, or timm."""
    renames = [*OURS, *([(re.escape(one), other) for one, other in TIMM] if timm else [])]
    found = rename(model.state_dict(), renames)
    if timm:
        side = math.isqrt(found["pixel_pos"].shape[1])
        found["pixel_pos"] = found["pixel_pos"].transpose(1, 2).unflatten(2, (side, side))
    else:
        found["outer_tokens"] = torch.zeros(1, 4, 16)
    return {name: tensor.contiguous() for name, tensor in found.items()}


@pytest.mark.parametrize("timm", [False, True])
def test_checkpoints_of_the_authors_and_of_timm_load(timm, tmp_path):
    model, image = small(gated=not timm), wave(1, 3, 32, 32)
    save_file(theirs(model, timm=timm), tmp_path / "theirs.safetensors")
    options = {"image": 32, "inner_heads": 2, "outer_heads": 4}
    again = tk.load_checkpoint(tmp_path / "theirs.safetensors", **options)
    assert again.options == model.options
    assert torch.equal(again(image), model(image))


def test_timms_older_wiring_is_not_taken_for_this(tmp_path):
    tensors = theirs(small(), timm=True)
    older = {
        name: each for name, each in tensors.items() if not re.search(r"s\.\d+\.norm2_p", name)
    }
    assert len(older) == len(tensors) - 4
    save_file(older, tmp_path / "older.safetensors")
    with pytest.raises(tk.InputError, match="no installed model"):
        tk.load_checkpoint(tmp_path / "older.safetensors")


def test_a_gate_scales_what_the_perceptron_says():
    model, image = small(gated=True, depth=1), wave(2, 3, 32, 32)
    outer = model.blocks[0].outer
    with recorded(model, {"said": "blocks.0.outer.mlp", "after": ("blocks.0", 1)}) as seen:
        model(image)
    gate = torch.tanh(outer.gate[:4](seen["said"].mean(1, keepdim=True)))
    with torch.no_grad():
        outer.gate[3].weight.zero_(), outer.gate[3].bias.zero_()  # nothing is raised or lowered
    with recorded(model, {"after": ("blocks.0", 1)}) as plain:
        model(image)
    raised = seen["after"] - plain["after"]
    assert torch.allclose(raised, gate * seen["said"], atol=1e-6)


def test_tables_are_spared_weight_decay():
    assert set(TNT.no_decay) <= {name for name, _ in small().named_parameters()}

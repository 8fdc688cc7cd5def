"""CrossViT computes what the published implementation computes."""

import re
from fnmatch import fnmatchcase

import pytest
import torch
from safetensors.torch import save_file
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.checkpoints.sizing import complete
from tk.testing import (
    assert_golden,
    assert_model,
    assert_parity,
    parity_cases,
    published,
    recorded,
    wave,
)
from tk.testing.models import tensors
from tk_vision.crossvit import CrossViT
from tk_vision.crossvit_blocks import CrossBlock

NAMES = {
    "img_size": "image",
    "patch_size": "patches",
    "in_chans": "channels",
    "num_classes": "num_classes",
    "embed_dim": "dims",
    "depth": "depths",
    "num_heads": "heads",
    "qkv_bias": "qkv_bias",
    "norm_eps": "norm_eps",
}
PAIRS = {(240, 224): 240, (408, 384): 408}  # what published models name by one number


def arguments(config):
    found = {ours: config[theirs] for theirs, ours in NAMES.items() if theirs in config}
    found["image"] = PAIRS.get(tuple(found["image"]), found["image"])
    found["mlp_ratios"] = config["mlp_ratio"][:2]  # the third is never used
    return found | {"stem": "conv" if config.get("multi_conv") else "patch"}


def run(model, inputs):
    places = {f"mid.block0_branch{branch}": ("blocks.0", branch) for branch in (0, 1)}
    with recorded(model, places) as mid:
        logits = model(inputs["image"])
    small, large = model.features(inputs["image"]).split(model.widths, dim=1)
    return {"logits": logits, "cls_small": small, "cls_large": large, **mid}


@pytest.mark.parametrize("path", parity_cases("crossvit"))
def test_parity(path):
    assert_parity(path, published(CrossViT, arguments), run)


def small(**options):
    torch.manual_seed(0)
    sizes = {"image": [48, 64], "dims": [8, 16], "heads": [2, 4], "depths": [[1, 2, 0]] * 2}
    return CrossViT(**{**sizes, "num_classes": 5, **options}).eval()


def test_golden():
    values = [0.068945, 0.489505, -0.484926, 0.047927, 0.498919, -0.472634]
    assert_golden(small(), {"image": wave(2, 3, 64, 64)}, {"output": values})


@pytest.mark.parametrize(
    "options",
    [
        {"stem": "conv", "qkv_bias": False},
        {"depths": [[2, 1, 1], [1, 3, 2]], "drop_path": 0.1, "dropout": 0.1},
        {"image": [50, 40], "patches": [16, 8], "channels": 3, "mlp_ratios": [2.0, 3.0]},
        {"image": [50, 63], "stem": "conv"},
    ],
)
def test_promises(options):
    assert_model(small(**options), {"image": wave(2, 3, 64, 64)})


VARIANTS = [
    ("crossvit-tiny", 7.0, 1.6),
    ("crossvit-small", 26.9, 5.6),
    ("crossvit-base", 105.0, 21.2),
    ("crossvit-9", 8.55, 1.8),
    ("crossvit-9-dagger", 8.78, 2.0),
    ("crossvit-15", 27.5, 5.8),
    ("crossvit-15-dagger", 28.2, 6.1),
    ("crossvit-15-dagger-384", 28.5, 21.4),
    ("crossvit-18", 43.3, 9.0),
    ("crossvit-18-dagger", 44.3, 9.5),
    ("crossvit-18-dagger-384", 44.6, 32.4),
]


@pytest.mark.parametrize(("name", "millions", "giga"), VARIANTS)
def test_parameters_and_multiply_adds_as_published(name, millions, giga):
    with torch.device("meta"):
        model = tk.create(name)
        side = model.patch_embed[0].image
        image = torch.empty(1, 3, side, side)
    weights = sum(weight.numel() for weight in model.parameters()) / 1e6
    with FlopCounterMode(display=False) as counter:
        model(image)
    adds = counter.get_total_flops() / 2e9  # papers count a multiplication and its addition once
    print(f"{name}: {weights:.3f} M parameters, {adds:.3f} G multiply-adds")
    assert weights == pytest.approx(millions, abs=0.05)
    assert adds == pytest.approx(giga, abs=0.05)


@pytest.mark.parametrize("name", [name for name, *_ in VARIANTS])
def test_tensors_tell_the_variant(name):
    with torch.device("meta"):
        weights = tk.create(name).state_dict()
    found = complete(CrossViT.config_from_state_dict(weights), {}, CrossViT.variants)
    assert found.items() >= CrossViT.variants[name].items()


@pytest.mark.parametrize("dotted", [True, False])
def test_checkpoints_of_the_authors_and_of_timm_load(dotted, tmp_path):
    model = small(depths=[[1, 2, 0], [2, 1, 2]], stem="conv")
    weights = model.state_dict()
    if not dotted:
        tables = ("cls_token.", "pos_embed.")
        weights = {
            name.replace(".", "_") if name.startswith(tables) else name: tensor
            for name, tensor in weights.items()
        }
        assert "cls_token_0" in weights
    save_file(weights, tmp_path / "theirs.safetensors")
    again = tk.load_checkpoint(tmp_path / "theirs.safetensors", image=[48, 64], heads=[2, 4])
    image = wave(2, 3, 64, 64)
    assert torch.equal(again(image), model(image))


def test_patches_stay_as_they_are_while_class_tokens_visit():
    model, image = small(), wave(2, 3, 64, 64)
    own = {f"own{branch}": f"blocks.1.blocks.{branch}" for branch in (0, 1)}
    met = {f"met{branch}": ("blocks.1", branch) for branch in (0, 1)}
    with recorded(model, own | met) as seen:
        model(image)
    for branch in (0, 1):
        assert torch.equal(seen[f"own{branch}"][:, 1:], seen[f"met{branch}"][:, 1:])
        assert not torch.equal(seen[f"own{branch}"][:, 0], seen[f"met{branch}"][:, 0])


class Largest(TorchDispatchMode):
    """Remember the largest tensor that any operation returns."""

    def __init__(self):
        super().__init__()
        self.numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        self.numel = max([self.numel, *(tensor.numel() for _, tensor in tensors(out))])
        return out


def test_a_visit_costs_no_more_than_the_number_of_tokens():
    block = CrossBlock(16, 2, qkv_bias=True, eps=1e-6, dropout=0.0, rate=0.0).eval()
    costs = []
    for number in (1024, 2048):
        with torch.no_grad(), FlopCounterMode(display=False) as flops, Largest() as largest:
            block(wave(1, number, 16))
        assert largest.numel == number * 16
        costs.append(flops.get_total_flops())
    assert costs[1] < 2 * costs[0]


def test_of_several_crossings_only_the_first_sees_patches():
    model, image = small(depths=[[1, 1, 2]]), wave(2, 3, 64, 64)
    before, (first, second) = model(image), model.blocks[0].fusion[0]
    with torch.no_grad():
        second.attn.wq.weight.mul_(-9.0)  # the only key is the query's own place
        assert torch.equal(model(image), before)
        first.attn.wq.weight.mul_(-9.0)
        assert not torch.equal(model(image), before)


def test_logits_are_the_mean_of_two_heads():
    model, image = small(), wave(2, 3, 64, 64)
    parts = model.features(image).split(model.widths, dim=1)
    first, second = (head(part) for head, part in zip(model.head, parts, strict=True))
    assert torch.allclose(model(image), (first + second) / 2)


def test_the_pyramid_has_a_map_for_each_branch():
    model, image = small(), wave(2, 3, 90, 70)
    maps = model.pyramid(image)
    assert (model.strides, model.widths) == ([12, 16], [8, 16])
    assert [tuple(each.shape) for each in maps] == [(2, 8, 4, 4), (2, 16, 4, 4)]
    assert torch.equal(maps[1][:, :, 0, 1], model.tokens(image)[1][:, 2])


def test_an_image_of_any_shape_is_made_each_branchs_square():
    model, image = small(), wave(1, 3, 64, 90)
    squares = (torch.nn.functional.interpolate(image, (s, s), mode="bicubic") for s in (48, 64))
    parts = [model.patch_embed[branch](square) for branch, square in enumerate(squares)]
    assert all(torch.equal(model.patch_embed[b](image), part) for b, part in enumerate(parts))


@pytest.mark.parametrize(
    ("image", "sides"), [(240, [240, 224]), (408, [408, 384]), (64, [60, 64]), ([50, 40], [50, 40])]
)
def test_one_number_gives_both_branches_a_size_as_published(image, sides):
    assert [each.image for each in small(image=image).patch_embed] == sides


def test_branches_work_at_other_sizes_with_stretched_positions():
    model = small(size=[96, 32])
    assert [tuple(each.shape[2:]) for each in model.pyramid(wave(1, 3, 40, 40))] == [(8, 8), (2, 2)]
    model.load_state_dict(small().state_dict())
    table = small().pos_embed[0][:, 1:].transpose(1, 2).unflatten(2, (4, 4))
    table = torch.nn.functional.interpolate(table, (8, 8), mode="bicubic")
    with recorded(model, {"patches": "patch_embed.0", "tokens": "dropout"}) as seen:
        model._embed(0, wave(1, 3, 40, 40))
    added = seen["tokens"][:, 1:] - seen["patches"]
    assert torch.allclose(added, table.flatten(2).transpose(1, 2), atol=1e-6)


def test_stochastic_depth_grows_over_both_branches_and_crossings():
    model = small(depths=[[1, 2, 0], [1, 2, 1]], drop_path=0.4)
    first, second = model.blocks
    rates = [block.drop_path.rate for block in (*first.blocks[1], *second.blocks[1])]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert second.blocks[0][0].drop_path.rate == rates[2]
    assert first.fusion[0].drop_path.rate == rates[1]
    assert second.fusion[1][0].drop_path.rate == pytest.approx(0.4)


def test_tables_are_spared_weight_decay():
    names = [name for name, _ in small().named_parameters()]
    spared = {name for name in names for each in CrossViT.no_decay if fnmatchcase(name, each)}
    assert spared == {
        f"{table}.{branch}" for table in ("cls_token", "pos_embed") for branch in "01"
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"depths": [[0, 2, 0]]}, r"\[0, 2, 0\]"),
        ({"depths": []}, "empty"),
        ({"size": [64]}, "size is .* each branch"),
        ({"dims": [8, 16, 32]}, "dims is .* two branches"),
        ({"heads": [3, 4]}, "width 8 .* 3 heads"),
        ({"stem": "mlp"}, "'mlp' is none of patch, conv"),
        ({"stem": "conv", "patches": [8, 16]}, "12 or 16, not of 8"),
        ({"image": [8, 64]}, "image of 8 has no patch of 12"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(tk.UsageError, match=said):
        small(**wrong)


@pytest.mark.parametrize("shape", [(3, 64, 64), (2, 1, 64, 64)])
def test_what_is_no_batch_of_images_is_refused(shape):
    with pytest.raises(tk.InputError, match=re.escape(f"{shape}; this model takes (B, 3, H, W)")):
        small()(wave(*shape))

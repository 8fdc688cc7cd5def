"""TNT computes what the published implementation computes."""

import pytest
import torch

import tk
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
    return {ours: config[theirs] for theirs, ours in NAMES.items() if theirs in config}


def run(model, inputs):
    with recorded(model, {"words": "blocks.0", "sentences": ("blocks.0", 1)}):
        logits = model(inputs["image"])
    found = {"logits": logits, "features": model.features(inputs["image"])}
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


def test_promises():
    assert_model(small(), {"image": wave(2, 3, 32, 32)})


@pytest.mark.parametrize(("name", "millions"), [("tnt-s", 23.844), ("tnt-b", 65.554)])
def test_as_many_parameters_as_published(name, millions):
    with torch.device("meta"):
        model = tk.create(name)
    unused = (model.outer_pos.shape[1] - 1) * model.outer_pos.shape[2]  # the reference's dead ones
    found = sum(weight.numel() for weight in model.parameters()) + unused * (name == "tnt-b")
    assert found / 1e6 == pytest.approx(millions, abs=0.08)


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


def test_images_of_another_size_are_refused():
    with pytest.raises(tk.InputError, match="32"):
        small()(wave(1, 3, 48, 48))

"""Adventurer computes what the published implementation computes."""

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

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
from tk_vision.adventurer import Adventurer, stretch

NAMES = {
    "img_size": "image",
    "patch_size": "patch",
    "depth": "depth",
    "embed_dim": "dim",
    "num_classes": "num_classes",
    "in_chans": "channels",
    "channels": "channels",
    "mamba_expand": "expand",
    "mamba_d_state": "state",
    "expand": "expand",
    "d_state": "state",
    "headdim": "head_dim",
    "d_conv": "width",
}


def arguments(config):
    given = {**config, **config.get("ssm_cfg", {})}
    found = {ours: given[theirs] for theirs, ours in NAMES.items() if theirs in given}
    return found | {"norm": "rms" if config.get("rms_norm", True) else "layer"}


def run(model, inputs):
    places = {f"mid.layer{i}": f"layers.{i}" for i in range(len(model.layers))}
    places |= {f"mid.mixer{i}": f"layers.{i}.mixer" for i in range(len(model.layers))}
    with recorded(model, places) as mid:
        logits = model(inputs["image"])
    return {"logits": logits, "features": model.features(inputs["image"]), **mid}


@pytest.mark.parametrize("path", parity_cases("patch-scaling"))
def test_parity(path):
    assert_parity(path, published(Adventurer, arguments), run)


def small(**options):
    torch.manual_seed(0)
    sizes = {"dim": 8, "depth": 5, "image": 8, "patch": 2, "state": 4, "head_dim": 4}
    return Adventurer(**{**sizes, "num_classes": 5, **options}).eval()


def test_golden():
    assert_golden(
        small(),
        {"image": wave(2, 3, 8, 8)},
        {"output": [-1.059952, 1.659863, -0.427946, -2.082304, 0.372518, 1.820778]},
    )


@pytest.mark.parametrize(
    "options", [{}, {"norm": "layer", "flips": "pairs", "patch": 1, "width": 3}]
)
def test_promises(options):
    model = small(**options)
    image = wave(2, 3, 8, 8)
    assert_model(model, {"image": image})


@pytest.mark.parametrize(
    "options",
    [{}, {"norm": "layer", "patch": 1, "width": 3, "expand": 3, "state": 2, "head_dim": 8}],
)
def test_published_checkpoint_tells_what_it_is(tmp_path, options):
    model = small(**options)
    torch.save({"model": model.state_dict()}, tmp_path / "checkpoint.pth")
    loaded = tk.load_checkpoint(tmp_path / "checkpoint.pth")
    assert loaded.options == model.options
    image = wave(1, 3, 8, 8)
    assert torch.equal(loaded(image), model(image))


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("adventurer-tiny", 11.6),
        ("adventurer-small", 44.5),
        ("adventurer-base", 98.7),
        ("adventurer-large", 346.2),
        ("adventurer-base-pixel", 136.5),
    ],
)
def test_as_many_parameters_as_published(name, millions):
    with torch.device("meta"):
        model = tk.create(name)
    found = sum(weight.numel() for weight in model.parameters()) / 1e6
    assert found == pytest.approx(millions, abs=0.05)


def flops(model, side):
    with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.no_grad():
        model.to("meta")(torch.empty(1, 3, side, side))
    return counter.get_total_flops()


def test_computing_grows_as_tokens_do():
    few, many = (flops(tk.create("adventurer-tiny", patch=patch, depth=2), 128) for patch in (4, 1))
    assert many / few == pytest.approx(16, rel=0.02)


def test_reversal_leaves_the_class_token_last():
    block = small().layers[2]
    x = wave(1, 5, 8)
    assert torch.equal(block._turned(x)[0], x[0, [3, 2, 1, 0, 4]])
    assert torch.equal(block._turned(block._turned(x)), x)


@pytest.mark.parametrize(("flips", "blocks"), [("once", [2, 3]), ("pairs", [2, 3, 6, 7])])
def test_blocks_that_read_backwards(flips, blocks):
    model = small(depth=9, flips=flips)
    assert [i for i, layer in enumerate(model.layers) if layer.flips] == blocks


def test_drop_path_never_reaches_its_full_rate():
    rates = [layer.drop_path.rate for layer in small(depth=5, drop_path=0.4).layers]
    assert rates == pytest.approx([0.0, 0.0, 0.1, 0.2, 0.3])


def test_positions_are_stretched_for_other_sizes():
    model = small()
    assert model(wave(1, 3, 12, 20)).shape == (1, 5)
    assert [tuple(each.shape) for each in model.pyramid(wave(1, 3, 12, 20))] == [(1, 8, 6, 10)] * 4
    assert (model.strides, model.widths) == ([2] * 4, [8] * 4)


def test_stretching_keeps_the_class_tokens_row():
    ramp = torch.arange(16.0).view(1, 16, 1)
    table = torch.cat([ramp, torch.full((1, 1, 1), 100.0)], dim=1)
    found = stretch(table, (8, 8))
    expected = F.interpolate(ramp.view(1, 1, 4, 4), size=(8, 8), mode="bicubic")
    assert torch.equal(found[0, :-1, 0], expected.flatten())
    assert found[0, -1, 0] == 100


def test_stretching_by_the_published_rule_is_one_row_off():
    table = torch.arange(17.0).view(1, 17, 1)
    found = stretch(table, (8, 8), class_row="first")
    expected = F.interpolate(table[:, 1:].view(1, 1, 4, 4), size=(8, 8), mode="bicubic")
    assert found[0, 0, 0] == 0
    assert torch.equal(found[0, 1:, 0], expected.flatten())


@pytest.mark.parametrize("class_row", ["last", "first"])
def test_a_resized_model_computes_what_stretching_does(class_row):
    model, image = small(class_row=class_row).double(), wave(2, 3, 12, 12).double()
    other = model.resized(12)
    assert other.options == {**model.options, "image": 12}
    assert other.pos_embed.shape == (1, 37, 8)
    assert torch.equal(other(image), model(image))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"image": 7}, "image 7"),
        ({"head_dim": 5}, "heads of 5"),
        ({"norm": "batch"}, "batch"),
        ({"flips": "never"}, "never"),
        ({"class_row": "middle"}, "middle"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(tk.TkError, match=message):
        small(**wrong)


def test_images_that_patches_do_not_divide_are_refused():
    with pytest.raises(tk.InputError, match="9 x 8"):
        small()(wave(1, 3, 9, 8))

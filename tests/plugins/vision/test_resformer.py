"""ResFormer computes what the published implementation computes, at any size."""

from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.testing import (
    assert_golden,
    assert_model,
    assert_parity,
    fill,
    parity_cases,
    published,
    read_case,
    recorded,
    wave,
)
from tk_vision.multi_resolution import combine, heard
from tk_vision.resformer import ResFormer, sines

NAMES = {
    "patch_size": "patch",
    "in_chans": "channels",
    "num_classes": "num_classes",
    "embed_dim": "dim",
    "depth": "depth",
    "num_heads": "heads",
    "mlp_ratio": "mlp_ratio",
    "qkv_bias": "qkv_bias",
    "representation_size": "representation",
}
TARGETS = {"cls": "features", "gap": "patches", "logit": "logits"}
KINDS = {"l2": "l2", "cosine": "cosine", "soft": "soft"}


def arguments(config):
    return {ours: config[theirs] or 0 for theirs, ours in NAMES.items() if theirs in config}


def said(config, words, default):
    """Return what the reference's word for an option means, whatever the option is called."""
    values = [value for value in config.values() if isinstance(value, str)]
    return next((words[value] for value in values if value in words), default)


def runner(config):
    target, kind = said(config, TARGETS, "features"), said(config, KINDS, "smooth-l1")

    def run(model, inputs):
        found, losses = {}, []
        with heard(model, target) as distilled:
            for name in sorted(name for name in inputs if name.startswith("image")):
                end = f"_{name}" if name != "image" else ""
                with recorded(model, {f"mid.attn0{end}": "blocks.0.attn"}) as mid:
                    logits = model(inputs[name])
                found |= {f"logits{end}": logits, f"distill{end}": distilled[-1], **mid}
                found[f"mid.after_pos{end}"] = model.embed(inputs[name])[0]
                if "labels" in inputs:
                    losses.append(F.cross_entropy(logits, inputs["labels"]))
        if losses:
            loss = combine(losses, distilled, kind=kind, alpha=config.get("alpha", 1.0))
            found["loss"] = loss[None]
        return found

    return run


@pytest.mark.parametrize("path", parity_cases("resformer"))
def test_parity(path):
    assert_parity(path, published(ResFormer, arguments), runner(read_case(path).config))


def small(**options):
    torch.manual_seed(0)
    sizes = {"dim": 16, "depth": 4, "heads": 2, "patch": 8, "num_classes": 5}
    return ResFormer(**{**sizes, **options}).eval()


def test_golden():
    assert_golden(
        small(),
        {"image": wave(2, 3, 40, 32)},
        {"output": [0.50947, 0.588563, -1.097656, 0.505736, 0.589151, -1.094565]},
    )


@pytest.mark.parametrize("options", [{}, {"representation": 12, "qkv_bias": False, "channels": 1}])
def test_promises(options):
    model = small(**options)
    assert_model(model, {"image": wave(2, options.get("channels", 3), 24, 24)})


@pytest.mark.parametrize("options", [{}, {"representation": 12, "qkv_bias": False, "heads": 4}])
def test_published_checkpoint_tells_what_it_is(tmp_path, options):
    model = small(**options)
    torch.save({"model": model.state_dict()}, tmp_path / "checkpoint.pth")
    loaded = tk.load_checkpoint(tmp_path / "checkpoint.pth")
    assert loaded.options == model.options
    image = wave(1, 3, 32, 32)
    assert torch.equal(loaded(image), model(image))


# Published: parameters in millions; the multiply-adds of DeiT (in thousands of millions).
SIZES = [("resformer-t", 5.69, 1.25), ("resformer-s", 21.99, 4.6), ("resformer-b", 86.43, 17.5)]


@pytest.mark.parametrize(("name", "millions", "_giga"), SIZES)
def test_as_many_parameters_as_published(name, millions, _giga):
    with torch.device("meta"):
        model = tk.create(name)
    found = sum(weight.numel() for weight in model.parameters()) / 1e6
    assert found == pytest.approx(millions, abs=0.005)


@pytest.mark.parametrize(("name", "_millions", "giga"), SIZES)
def test_computes_what_deit_does_and_two_small_convolutions(name, _millions, giga):
    with torch.device("meta"):
        model, image = tk.create(name), torch.empty(1, 3, 224, 224)
    with FlopCounterMode(display=False) as counter:
        model(image)
    dim, depth, patches = model.options["dim"], model.options["depth"], 14 * 14
    tokens = patches + 1
    block = 12 * tokens * dim**2 + 2 * tokens**2 * dim
    deit = patches * dim * 3 * 16**2 + depth * block + 1000 * dim
    convolutions = 9 * patches * dim * (1 + depth)
    assert counter.get_total_flops() / 2 == deit + convolutions  # it counts both of a multiply-add
    assert deit / 1e9 == pytest.approx(giga, rel=0.02)


def test_one_model_takes_images_of_any_shape():
    model = small()
    shapes = [(8, 8), (24, 24), (16, 40), (72, 8)]
    for height, width in shapes:
        image = wave(1, 3, height, width)
        assert model(image).shape == (1, 5)
        assert [tuple(each.shape) for each in model.pyramid(image)] == [
            (1, 16, height // 8, width // 8)
        ] * 4
    assert (model.strides, model.widths) == ([8] * 4, [16] * 4)


def test_positions_of_a_turned_image_swap_halves():
    like = torch.empty(16, dtype=torch.float64)
    down, right = sines((3, 5), like=like), sines((5, 3), like=like)
    turned = torch.cat([right[:, 8:], right[:, :8]], dim=1).transpose(2, 3)
    assert torch.equal(down, turned)


def test_positions_at_one_relative_place_converge_as_the_grid_grows():
    position = small().double().pos_embed
    with torch.no_grad():
        middles = [
            position((n, n)).unflatten(1, (n, n))[0, n // 2, n // 4] for n in (8, 32, 128, 512)
        ]
    steps = [float((b - a).abs().max()) for a, b in pairwise(middles)]
    assert steps[0] > 3 * steps[1] > 9 * steps[2]


def test_the_class_token_gets_no_position():
    model = small()
    tokens, grid = model.embed(wave(1, 3, 24, 24))
    assert grid == (3, 3)
    assert torch.equal(tokens[:, 0], model.cls_token[0])


def test_values_of_the_last_block_reach_only_patches():
    model = fill(small(depth=1))
    weight = model.blocks[0].attn.get_v.weight
    (none,) = torch.autograd.grad(model(wave(1, 3, 24, 24)).sum(), weight)
    (some,) = torch.autograd.grad(model.tokens(wave(1, 3, 24, 24))[:, 1:].square().sum(), weight)
    assert not none.any()
    assert some.any()


@pytest.mark.parametrize(
    ("wrong", "message"), [({"heads": 3}, "3 heads"), ({"dim": 18}, "multiple of 4")]
)
def test_sizes_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(tk.UsageError, match=message):
        small(**wrong)


def test_images_that_patches_do_not_divide_are_refused():
    with pytest.raises(tk.InputError, match="30 x 32"):
        small()(wave(1, 3, 30, 32))

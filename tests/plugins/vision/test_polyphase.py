"""Anchored transformers compute what the authors' code computes, and shifts do not change it."""

import pytest
import torch

import tk
from tk.testing import assert_golden, assert_model, assert_parity, parity_cases, published, wave
from tk_vision.polyphase import PolyTwins, PolyViT, anchor
from tk_vision.twins import Twins
from tk_vision.vit import ViT

SHIFTS = ((1, 3), (5, 2), (7, 0))


def vit_arguments(config):
    mean = config["global_pool"] == "avg"
    fc_norm = config.get("fc_norm")
    return {
        "dim": config["embed_dim"],
        "depth": config["depth"],
        "heads": config["num_heads"],
        "patch": config["patch_size"],
        "channels": config.get("in_chans", 3),
        "mlp_ratio": config.get("mlp_ratio", 4.0),
        "qkv_bias": config.get("qkv_bias", True),
        "class_token": config.get("class_token", True),
        "pool": "mean" if mean else "cls",
        "fc_norm": mean if fc_norm is None else fc_norm,
        "num_classes": config["num_classes"],
    }


def twins_arguments(config):
    return {
        "dims": config["embed_dims"],
        "heads": config["num_heads"],
        "depths": config["depths"],
        "windows": config.get("wss"),
        # The second block is the first that sub-samples: a stage of one block has no ratio.
        "ratios": [
            ratio if depth > 1 else 1
            for ratio, depth in zip(config["sr_ratios"], config["depths"], strict=True)
        ],
        "mlp_ratios": config["mlp_ratios"],
        "patch": config["patch_size"],
        "channels": config.get("in_chans", 3),
        "num_classes": config["num_classes"],
    }


def shifted(model, image):
    found = {"logits": model(image)}
    for number, (rows, columns) in enumerate(SHIFTS):
        found[f"logits_shift{number}"] = model(image.roll((rows, columns), (2, 3)))
    return found


def run_vit(model, inputs):
    return shifted(model, inputs["image"]) | {"mid.patch_embed": model.patch_embed(inputs["image"])}


def run_twins(model, inputs):
    return shifted(model, inputs["image"]) | {"features": model.tokens(inputs["image"])}


def kind(config):
    if "embed_dims" in config:
        return "twins"
    return "vit" if "depth" in config else "anchor"


@pytest.mark.parametrize("path", parity_cases("apa", only=lambda c: kind(c) == "anchor"))
def test_parity_of_the_operator(path):
    def run(step, inputs):
        anchored, offsets = anchor(inputs["x"], step)
        return {"anchored": anchored, "offsets": offsets}

    differences = assert_parity(path, lambda config, _: config["patch_size"], run)
    assert set(differences.values()) == {0.0}


@pytest.mark.parametrize("path", parity_cases("apa", only=lambda c: kind(c) == "vit"))
def test_parity_of_polyvit(path):
    assert_parity(path, published(PolyViT, vit_arguments), run_vit)


@pytest.mark.parametrize("path", parity_cases("apa", only=lambda c: kind(c) == "twins"))
def test_parity_of_polytwins(path):
    assert_parity(path, published(PolyTwins, twins_arguments), run_twins)


def small_vit(**options):
    torch.manual_seed(0)
    sizes = {"dim": 16, "depth": 2, "heads": 2, "patch": 8, "num_classes": 5}
    return PolyViT(**{**sizes, **options}).eval()


def small_twins(**options):
    torch.manual_seed(0)
    sizes = {"dims": [8, 8, 16, 16], "heads": [2] * 4, "depths": [2, 2, 2, 1], "num_classes": 5}
    steps = {"windows": [4, 4, 2, 2], "ratios": [4, 2, 2, 1], "mlp_ratios": [2] * 4}
    return PolyTwins(**{**sizes, **steps, **options}).eval()


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def every_shift(image, furthest=16):
    """Return one image rolled by 0 to 16 pixels each way, all 289 in one batch."""
    steps = [(r, c) for r in range(furthest + 1) for c in range(furthest + 1)]
    return torch.cat([image.roll(step, (2, 3)) for step in steps])


def by_hand(image, step):
    """Choose the phase and roll one image by loops over phases, rows and columns."""
    norms = {
        (i, j): float(image[:, i::step, j::step].double().norm())
        for i in range(step)
        for j in range(step)
    }
    row, column = max(norms, key=norms.get)  # the first of several
    height, width = image.shape[1:]
    out = torch.empty_like(image)
    for y in range(height):
        for x in range(width):
            out[:, y, x] = image[:, (y + row) % height, (x + column) % width]
    return out, (row, column)


@pytest.mark.parametrize(("size", "step"), [((8, 8), 2), ((12, 6), 3), ((5, 10), 5), ((7, 7), 7)])
def test_the_operator_is_a_roll_to_the_strongest_phase(size, step):
    images = noise(3, 2, *size)
    anchored, offsets = anchor(images, step)
    for number, image in enumerate(images):
        expected, place = by_hand(image, step)
        assert torch.equal(anchored[number], expected)
        assert tuple(offsets[number].tolist()) == place


def test_its_gradient_is_the_inverse_roll():
    images = noise(3, 2, 8, 12).double().requires_grad_()
    anchored, offsets = anchor(images, 4)
    pull = noise(*images.shape).double()
    (gradient,) = torch.autograd.grad(anchored, images, pull)
    for number, offset in enumerate(offsets.tolist()):
        assert torch.equal(gradient[number], pull[number].roll(offset, (1, 2)))


def test_of_equal_phases_the_first_is_taken_and_a_step_of_one_does_nothing():
    flat = torch.ones(2, 3, 8, 8)
    anchored, offsets = anchor(flat, 4)
    assert torch.equal(anchored, flat)
    assert offsets.tolist() == [[0, 0], [0, 0]]
    assert anchor(noise(1, 1, 3, 5), 1)[0].shape == (1, 1, 3, 5)


def test_shifted_images_are_anchored_to_one_image_but_for_whole_steps():
    image = noise(1, 3, 16, 24)
    anchored, _ = anchor(every_shift(image), 4)
    first = anchored[0]
    rolls = [first.roll((r, c), (1, 2)) for r in range(0, 16, 4) for c in range(0, 24, 4)]
    assert all(any(torch.equal(each, other) for other in rolls) for each in anchored)


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (small_vit(), (32, 32)),
        (small_vit(patch=16, class_token=False, pool="mean"), (48, 32)),
        (small_vit(pool="mean", fc_norm=True, patch_norm=False), (24, 40)),
        (small_twins(), (64, 64)),
        (small_twins(), (128, 64)),
        (small_twins(windows=[2, 4, 2, 1], ratios=[2, 4, 2, 2], depths=[2, 4, 2, 2]), (64, 64)),
        (small_twins(windows=None), (64, 64)),
    ],
)
@torch.no_grad()
def test_every_circular_shift_gives_the_same_logits_and_a_rolled_map(model, size):
    shifted = every_shift(noise(1, 3, *size))
    logits = model(shifted)
    assert (logits - logits[0]).abs().max() < 1e-5 * logits.abs().max()
    assert len(set(logits.argmax(1).tolist())) == 1  # 100 % consistent
    for maps in model.pyramid(shifted[::17]):
        first, (height, width) = maps[0], maps.shape[2:]
        rolls = torch.stack(
            [first.roll((r, c), (1, 2)) for r in range(height) for c in range(width)]
        )
        nearest = (maps[:, None] - rolls[None]).abs().flatten(2).amax(2).amin(1)
        assert nearest.max() < 1e-5 * first.abs().max()


@torch.no_grad()
def test_a_plain_vit_is_not_consistent():
    """The images of the test above do tell models apart."""
    torch.manual_seed(0)
    plain = ViT(dim=16, depth=2, heads=2, image=32, patch=8, num_classes=5).eval()
    logits = plain(every_shift(noise(1, 3, 32, 32)))
    assert (logits - logits[0]).abs().max() > 1e-2 * logits.abs().max()


def test_golden():
    assert_golden(
        small_vit(),
        {"image": wave(2, 3, 32, 32)},
        {"output": [0.917292, 0.614096, -1.577639, 0.912641, 0.645051, -1.606806]},
    )
    assert_golden(
        small_twins(),
        {"image": wave(2, 3, 64, 64)},
        {"output": [0.451375, 0.400017, -0.805305, 0.573535, 0.336976, -0.858595]},
    )


@pytest.mark.parametrize(
    ("model", "side"),
    [(small_vit(), 32), (small_vit(pool="mean", fc_norm=True), 32), (small_twins(), 64)],
)
def test_promises(model, side):
    assert_model(model, {"image": noise(2, 3, side, side)})


def test_training_steps_reach_the_image_too():
    image = noise(2, 3, 32, 32).requires_grad_()
    small_vit()(image).square().sum().backward()
    assert (image.grad.abs().sum((1, 2, 3)) > 0).all()


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        # The base model less its positions (197 · D), plus 10 · D and the patch norm's 2 · D.
        ("polyvit-s-16", 22.0507 - 197 * 384e-6 + 12 * 384e-6),
        ("polyvit-b-16", 86.5677 - 197 * 768e-6 + 12 * 768e-6),
        ("polytwins-svt-s", 24.06),
        ("polytwins-svt-b", 56.07),
        ("polytwins-svt-l", 99.27),
    ],
)
def test_as_many_parameters_as_published(name, millions):
    with torch.device("meta"):
        model = tk.create(name)
    assert sum(w.numel() for w in model.parameters()) / 1e6 == pytest.approx(millions, abs=5e-3)


def test_checkpoints_load_by_timms_names(tmp_path):
    model = small_vit()
    torch.save({"model": model.state_dict()}, tmp_path / "vit.pth")
    loaded = tk.load_checkpoint(tmp_path / "vit.pth", heads=2)
    assert loaded.options == model.options
    twins = small_twins()
    torch.save({"model": twins.state_dict()}, tmp_path / "twins.pth")
    options = {"heads": [2] * 4, "windows": [4, 4, 2, 2]}
    assert type(tk.load_checkpoint(tmp_path / "twins.pth", **options)) is Twins
    options["architecture"] = "polytwins"
    loaded = tk.load_checkpoint(tmp_path / "twins.pth", **options)
    assert torch.equal(loaded(wave(1, 3, 64, 64)), twins(wave(1, 3, 64, 64)))


@pytest.mark.parametrize(
    ("model", "size", "message"),
    [
        (small_vit(), (36, 32), "36 x 32 has no phases of 8 x 8"),
        (small_twins(), (66, 64), "66 x 64 has no phases of 4 x 4"),
        (small_twins(), (96, 32), "3 x 1 has no phases of 2 x 2"),
        (small_twins(windows=[4, 4, 2, 3]), (64, 64), "2 x 2 has no phases of 3 x 3"),
    ],
)
def test_sizes_that_steps_do_not_divide_are_refused(model, size, message):
    with pytest.raises(tk.InputError, match=message):
        model(wave(1, 3, *size))

"""The plain vision transformer: DeiT's, MAE's and timm's tensor names, any size, a pyramid."""

import pytest
import torch
from torch.nn.functional import gelu, layer_norm, linear
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.nn import resize_positions, taps
from tk.testing import assert_golden, assert_model, wave
from tk_vision.vit import ViT


def small(**options):
    torch.manual_seed(0)
    sizes = {"dim": 16, "depth": 2, "heads": 2, "image": 32, "patch": 8, "num_classes": 5}
    return ViT(**{**sizes, **options}).eval()


def by_hand(weights, image, heads, depth, patch):
    """Compute the logits of a class-token ViT from its equations, without any layer of ours."""
    cells = image.unfold(2, patch, patch).unfold(3, patch, patch).permute(0, 2, 3, 1, 4, 5)
    kernel = weights["patch_embed.proj.weight"].flatten(1)
    x = linear(cells.flatten(3).flatten(1, 2), kernel, weights["patch_embed.proj.bias"])
    x = torch.cat([weights["cls_token"].expand(len(x), -1, -1), x], 1) + weights["pos_embed"]

    def affine(name, v):
        return linear(v, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def normed(name, v):
        scale, shift = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return layer_norm(v, v.shape[-1:], scale, shift, 1e-6)

    for i in range(depth):
        qkv = affine(f"blocks.{i}.attn.qkv", normed(f"blocks.{i}.norm1", x)).chunk(3, -1)
        query, key, value = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in qkv)
        weight = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
        x = x + affine(f"blocks.{i}.attn.proj", (weight @ value).transpose(1, 2).flatten(2))
        hidden = gelu(affine(f"blocks.{i}.mlp.fc1", normed(f"blocks.{i}.norm2", x)))
        x = x + affine(f"blocks.{i}.mlp.fc2", hidden)
    return affine("head", normed("norm", x)[:, 0])


def test_the_logits_are_those_of_the_equations():
    model, image = small().double(), wave(2, 3, 32, 32).double()
    expected = by_hand(model.state_dict(), image, heads=2, depth=2, patch=8)
    assert (model(image) - expected).abs().max() < 1e-12


def test_golden():
    assert_golden(
        small(),
        {"image": wave(2, 3, 32, 32)},
        {"output": [0.41005, 0.378788, -0.813327, 0.342994, 0.284353, -0.643103]},
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pool": "mean", "fc_norm": True},
        {"pool": "mean", "class_token": False, "qkv_bias": False, "channels": 1},
    ],
)
def test_promises(options):
    # The class token of a mean-pooled model learns through the other tokens' attention to it.
    assert_model(small(**options), {"image": wave(2, options.get("channels", 3), 32, 32)})


# timm's counts; multiply-adds of one image in 10⁹, of which the flop counter leaves out norms.
@pytest.mark.parametrize(
    ("name", "millions", "giga"),
    [
        ("vit-ti-16", 5.717, 1.26),
        ("vit-s-8", 22.06, 22.44),
        ("vit-s-16", 22.05, 4.61),
        ("vit-s-32", 22.88, 1.15),
        ("vit-b-8", 86.58, 78.22),
        ("vit-b-16", 86.57, 17.58),
        ("vit-b-32", 88.22, 4.41),
        ("vit-l-16", 304.33, 61.6),
        ("vit-l-32", 306.54, 15.39),
        ("vit-h-14", 632.05, 167.4),
    ],
)
def test_as_many_parameters_and_flops_as_published(name, millions, giga):
    with torch.device("meta"):
        model, image = tk.create(name), torch.zeros(1, 3, 224, 224)
    assert sum(w.numel() for w in model.parameters()) / 1e6 == pytest.approx(millions, rel=1e-3)
    with FlopCounterMode(display=False) as counter:
        model(image)
    assert counter.get_total_flops() / 2e9 == pytest.approx(giga, rel=1e-2)


def test_checkpoints_of_deit_and_mae_load_by_their_names(tmp_path):
    torch.manual_seed(1)
    deit = ViT(dim=192, depth=12, heads=3, image=32, num_classes=7).state_dict()
    torch.save({"model": deit}, tmp_path / "deit.pth")
    loaded = tk.load_checkpoint(tmp_path / "deit.pth")
    assert (loaded.options["heads"], loaded.options["pool"]) == (3, "cls")
    assert all(torch.equal(loaded.state_dict()[name], t) for name, t in deit.items())

    encoder = {name: t for name, t in deit.items() if not name.startswith("head.")}
    extra = {"mask_token": torch.zeros(1, 1, 8), "decoder_pos_embed": torch.zeros(1, 5, 8)}
    torch.save({"model": encoder | extra}, tmp_path / "mae.pth")
    with pytest.raises(tk.InputError, match=r"head\.weight"):
        tk.load_checkpoint(tmp_path / "mae.pth")
    start = tk.load_checkpoint(tmp_path / "mae.pth", fresh=["head.*"], num_classes=3)
    assert start(wave(1, 3, 32, 32)).shape == (1, 3)

    tuned = {
        name.replace("norm.", "fc_norm.") if name.startswith("norm.") else name: t
        for name, t in deit.items()
    }
    torch.save({"model": tuned}, tmp_path / "tuned.pth")
    assert tk.load_checkpoint(tmp_path / "tuned.pth").options["pool"] == "mean"


def test_positions_of_another_size_are_stretched_and_the_class_token_keeps_its_own():
    table = wave(1, 17, 8)
    assert resize_positions(table, (4, 4)) is table
    resized = resize_positions(table, (6, 3))
    assert resized.shape == (1, 19, 8)
    assert torch.equal(resized[:, 0], table[:, 0])
    # Column 3 of 8 lies a quarter of the way from column 1 to 2 of 4; Keys' kernel with a = -3/4.
    near = torch.tensor([1.25, 0.25, 0.75, 1.75], dtype=torch.float64)
    inner, outer = (
        1.25 * near**3 - 2.25 * near**2 + 1,
        -0.75 * (near**3 - 5 * near**2 + 8 * near - 4),
    )
    weights = torch.where(near < 1, inner, outer)
    row = wave(4).double()
    wide = resize_positions(row.repeat(4).view(1, 16, 1), (4, 8), prefix=0).view(4, 8)
    assert torch.allclose(wide[:, 3], (weights * row).sum(), atol=1e-12)


def test_other_sizes_give_logits_and_a_pyramid_of_one_stride():
    model = small(depth=5)
    maps = model.pyramid(wave(2, 3, 40, 24))
    assert [tuple(each.shape) for each in maps] == [(2, 16, 5, 3)] * 4
    assert (model.strides, model.widths) == ([8] * 4, [16] * 4)
    assert model(wave(2, 3, 40, 24)).shape == (2, 5)
    last = model.states(wave(2, 3, 40, 24))[-1][:, 1:]
    assert torch.equal(maps[-1].flatten(2).transpose(1, 2), last)


def test_maps_are_taken_after_evenly_spaced_blocks():
    assert [taps(12), taps(24), taps(5), taps(2)] == [
        [3, 6, 9, 12],
        [6, 12, 18, 24],
        [2, 3, 4, 5],
        [1, 1, 2, 2],
    ]


def test_the_mean_pools_patches_alone():
    model = small(pool="mean")
    x = model.norm(model.states(wave(2, 3, 32, 32))[-1])
    assert torch.allclose(model.features(wave(2, 3, 32, 32)), x[:, 1:].mean(1), atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"image": 30}, "30"),
        ({"heads": 3}, "3 heads"),
        ({"pool": "max"}, "max"),
        ({"class_token": False}, "class_token"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(tk.UsageError, match=message):
        small(**wrong)


def test_sides_that_patches_do_not_divide_are_refused():
    with pytest.raises(tk.InputError, match="36 x 32"):
        small()(wave(1, 3, 36, 32))

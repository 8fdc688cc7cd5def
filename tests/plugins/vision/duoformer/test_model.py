"""DuoFormer from images to logits: published names, any grid, any trunk with four maps."""

import pytest
import torch
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.checkpoints.sizing import complete
from tk.testing import assert_golden, assert_model, recorded, wave
from tk_vision.duoformer import DuoFormer
from tk_vision.duoformer.resnet import ResNet


def small(**options):
    torch.manual_seed(0)
    sizes = {"dim": 12, "depth": 2, "heads": 3, "scales": 3, "backbone": "resnet18", "image": 64}
    return DuoFormer(**{**sizes, "num_classes": 5, **options}).eval()


def test_golden():
    values = [0.741019, -2.693647, -0.839597, 2.630566, 0.943057]
    assert_golden(small(scales=4), {"image": wave(1, 3, 64, 64)}, {"output": values})


@pytest.mark.parametrize(
    "options",
    [
        {"scale_token": "random", "scales": 2},
        {"scale_token": "channel", "wiring": "chain", "layer_scale": True},
    ],
)
def test_promises(options):
    assert_model(small(**options), {"image": wave(2, 3, 64, 64)})


# Shares as the specification estimates them; the attentions among regions are those of `chain`.
@pytest.mark.parametrize(
    ("name", "trunk"),
    [(f"duoformer-r{size}-{n}", t) for size, t in ((18, 11.177), (50, 23.508)) for n in (2, 3, 4)],
)
def test_parameters_of_every_part_as_published(name, trunk):
    with torch.device("meta"):
        model = tk.create(name, wiring="chain")
        image = torch.empty(1, 3, 224, 224)
    parts = (model.backbone, model.scale_blocks, model.region_blocks)
    found = [sum(weight.numel() for weight in part.parameters()) / 1e6 for part in parts]
    with FlopCounterMode(display=False) as counter:
        assert model.eval()(image).shape == (1, 1000)
    print(f"{name}: {found} M parameters, {counter.get_total_flops() / 2e9:.2f} G multiply-adds")
    assert found == pytest.approx([trunk, 85.05, 28.35], abs=0.01)


@pytest.mark.parametrize("name", DuoFormer.variants)
def test_tensors_tell_the_variant(name):
    with torch.device("meta"):
        weights = tk.create(name).state_dict()
    found = complete(DuoFormer.config_from_state_dict(weights), {}, DuoFormer.variants)
    assert found.items() >= DuoFormer.variants[name].items()


def theirs(model):
    """Give our tensors the names of the published file."""
    names = {
        "backbone.conv1.": "resnet_projector.0.",
        "backbone.bn1.": "resnet_projector.1.",
        "projections.": "projection.proj_heads.",
        "random_token": "channel_token",
        "channel_token.finest.0.": "chann_proj1.conv1.",
        "channel_token.finest.1.": "chann_proj1.conv2.",
        "channel_token.finer.": "chann_proj2.conv1.",
        "channel_token.mix.": "chann_proj_all.nConvs.",
        "scale_blocks.": "vision_transformer.scaleBlocks.",
    } | {f"backbone.layer{stage}.": f"resnet_projector.{stage + 3}." for stage in (1, 2, 3, 4)}
    found = {}
    for name, tensor in model.state_dict().items():
        known = next((start for start in names if name.startswith(start)), None)
        if known:
            found[names[known] + name.removeprefix(known)] = tensor
        elif name.startswith("region_blocks."):
            number, _, rest = name.removeprefix("region_blocks.").partition(".")
            found[f"vision_transformer.blocks.{number}.attn.{rest}"] = tensor
        else:
            found[f"vision_transformer.{name}"] = tensor
    return found | {"vision_transformer.fc_norm.weight": torch.ones(12)}


@pytest.mark.parametrize("scale_token", ["channel", "random"])
def test_a_published_checkpoint_loads(scale_token, tmp_path):
    model = small(wiring="chain", scale_token=scale_token, qk_norm=[True, True])
    save_file(theirs(model), tmp_path / "theirs.safetensors")
    again = tk.load_checkpoint(tmp_path / "theirs.safetensors", heads=3)
    assert again.options == model.options
    image = wave(1, 3, 64, 64)
    assert torch.equal(again(image), model(image))


def test_the_pyramid_has_a_map_for_each_scale():
    model = small()
    maps = model.pyramid(wave(2, 3, 64, 96))
    assert (model.strides, model.widths) == ([8, 16, 32], [12, 12, 12])
    assert [tuple(each.shape) for each in maps] == [(2, 12, 8, 12), (2, 12, 4, 6), (2, 12, 2, 3)]


def test_the_pyramid_holds_each_cell_where_it_is():
    model = small(scales=4)
    model.pos_embed_for_scale.data.zero_()
    model.scale_blocks = torch.nn.ModuleList()  # nothing but projections is left
    image = wave(1, 3, 64, 96)
    wanted = [
        model.projections[str(level)](each)
        for level, each in enumerate(model.backbone.pyramid(image))
    ]
    for one, other in zip(model.pyramid(image), wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("scale_token", ["channel", "random"])
def test_images_of_other_sizes_get_stretched_positions(scale_token):
    model = small(scale_token=scale_token)
    with torch.no_grad():
        model.pos_embed[:, 1:] = 0.5  # of one value, so that stretching changes nothing
        flat = model(wave(1, 3, 96, 160))
        model.pos_embed[:, 2:] = -0.5
        assert (model(wave(1, 3, 96, 160)) != flat).all()
    assert flat.shape == (1, 5)


def test_tokens_of_scales_differ_by_region_only_when_they_come_from_maps():
    for kind, is_same in (("random", True), ("channel", False)):
        model = small(scale_token=kind)
        with torch.no_grad(), recorded(model, {"first": "scale_blocks.0.norm1"}) as seen:
            model(wave(1, 3, 64, 64))
        tokens = seen["first"][:, 0]
        assert torch.equal(tokens[0], tokens[1]) is is_same


def test_a_trunk_gets_weights_of_its_own(tmp_path):
    other = ResNet("resnet18").state_dict()
    files = {name: t + 1 for name, t in other.items() if "num_batches" not in name}
    save_file(files | {"fc.weight": wave(10, 512)}, tmp_path / "resnet18.safetensors")
    model = small()
    model.load_backbone(tmp_path / "resnet18.safetensors")
    assert torch.equal(model.backbone.layer2[0].conv1.weight, other["layer2.0.conv1.weight"] + 1)
    save_file({"conv1.weight": other["conv1.weight"]}, tmp_path / "less.safetensors")
    with pytest.raises(tk.InputError, match=r"missing: bn1\.weight"):
        model.load_backbone(tmp_path / "less.safetensors")


def test_any_model_with_four_maps_is_a_trunk():
    model = small(backbone="cswin-dense-t")
    assert (model.strides, model(wave(1, 3, 64, 64)).shape) == ([8, 16, 32], (1, 5))


@pytest.mark.parametrize("name", ["crossvit-tiny", "tnt-ti"])
def test_a_model_without_four_maps_is_no_trunk(name):
    with pytest.raises(tk.UsageError, match=f"'{name}' has no pyramid of four maps"):
        small(backbone=name)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scale_token": "none"}, "'none' is none of channel, random"),
        ({"image": 100}, "image 100 is no multiple of stride 32"),
        ({"scales": 1}, "scales is 1"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(tk.UsageError, match=said):
        small(**wrong)


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 3, 64, 65), (1, 3, 16, 64)])
def test_images_that_have_no_regions_are_refused(shape):
    with pytest.raises(tk.InputError, match="multiples of 32"):
        small()(wave(*shape))

"""MetaFormer and PoolFormer compute what the published implementation computes."""

import re

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import tk
from tk.checkpoints.sizing import plain
from tk.testing import assert_golden, assert_model, assert_parity, parity_cases, published, wave
from tk_vision.metaformer import MetaFormer
from tk_vision.metaformer_mixers import Pooling
from tk_vision.poolformer import PoolFormer, PoolFormerDense

MIXERS = {"spatialfc": "spatial"}


def arguments(config):
    found = {
        "depths": config["layers"],
        "dims": config["embed_dims"],
        "mlp_ratios": config.get("mlp_ratios") or [4] * 4,
        "downsamples": config.get("downsamples") or [True] * 4,
        "pool": config.get("pool_size", 3),
    }
    if not config.get("use_layer_scale", True):
        found["scale"] = None
    if config.get("fork_feat"):
        return found
    found["num_classes"] = config["num_classes"]
    words = [mixer.split() for mixer in config.get("token_mixers", ["pool"] * 4)]
    found["mixers"] = [MIXERS.get(kind, kind) for kind, *_ in words]
    found["sides"] = [
        int(rest[0].split("x")[0]) if kind == "spatialfc" else 0 for kind, *rest in words
    ]
    for kind, *rest in words:
        if kind == "attention" and rest:
            found["head_dim"] = int(rest[-1])
    if "channel" in config.get("norm", "").lower():
        found["norm"] = "channel"
    tables = config.get("add_pos_embs") or [None] * 4
    return found | {"positions": [int(t.split("x")[0]) if t else 0 for t in tables]}


def build(config, params):
    if "head.weight" in params:
        return published(MetaFormer, arguments)(config, params)
    outputs = [i for i in range(4) if f"norm{2 * i}.weight" in params]
    with_outputs = published(PoolFormerDense, lambda c: {**arguments(c), "outputs": outputs})
    return with_outputs({**config, "fork_feat": True}, params)


def run(model, inputs):
    if isinstance(model, PoolFormerDense):
        return {f"feat{i}": each for i, each in enumerate(model(inputs["image"]))}
    found = {"logits": model(inputs["image"]), "features": model.features(inputs["image"])}
    maps = model.pyramid(inputs["image"])
    return found | {f"mid.stage{i}": each for i, each in enumerate(maps)}


@pytest.mark.parametrize("path", parity_cases("poolformer"))
def test_parity(path):
    assert_parity(path, build, run)


SIZES = {"depths": [1, 1, 1, 1], "dims": [8, 8, 16, 16], "scale": 0.5}


def small(cls=MetaFormer, **options):
    torch.manual_seed(0)
    own = {"num_classes": 5} if cls is MetaFormer else {}
    return cls(**{**SIZES, **own, **options}).eval()


def test_golden():
    values = [-2.456051, 2.144544, 0.134664, -2.929416, 2.586422, 0.125284]
    assert_golden(small(), {"image": wave(2, 3, 64, 64)}, {"output": values})


@pytest.mark.parametrize("norm", ["group", "channel"])
def test_promises(norm):
    mixers = ["pool", "identity", "spatial", "attention"]
    tables = {"positions": [0, 0, 0, 2], "sides": [0, 0, 4, 0]}
    model = small(mixers=mixers, head_dim=8, norm=norm, **tables)
    assert_model(model, {"image": wave(2, 3, 64, 64)})


def test_promises_of_the_dense_backbone():
    assert_model(small(PoolFormerDense), {"image": wave(2, 3, 40, 64)})


@pytest.mark.parametrize(
    ("name", "millions", "billions"),
    [
        ("poolformer-s12", 11.9, 1.8),
        ("poolformer-s24", 21.4, 3.4),
        ("poolformer-s36", 30.9, 5.0),
        ("poolformer-m36", 56.2, 8.8),
        ("poolformer-m48", 73.5, 11.6),
    ],
)
def test_parameters_and_multiplications_are_the_published(name, millions, billions):
    with torch.device("meta"), torch.no_grad():
        model, image = tk.create(name).eval(), torch.empty(1, 3, 224, 224)
        with FlopCounterMode(display=False) as flops:
            model(image)
    assert sum(w.numel() for w in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)
    assert flops.get_total_flops() / 2e9 == pytest.approx(billions, rel=0.015)


@pytest.mark.parametrize("size", [3, 5, 7])
def test_pooling_of_a_constant_map_is_nothing(size):
    assert Pooling(size)(torch.full((1, 2, 5, 7), 3.0)).abs().max() < 1e-6


def test_a_neighbourhood_at_the_border_is_smaller():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    found = Pooling(5)(x)[0, 0]
    assert found[0, 0] == pytest.approx(float(x[0, 0, :3, :3].mean()))
    assert found[1, 2] == pytest.approx(float(x.mean()) - 6)


@pytest.mark.parametrize("cls", [MetaFormer, PoolFormerDense])
def test_any_size_gives_a_pyramid(cls):
    model = small(cls)
    maps = model.pyramid(wave(1, 3, 50, 77))
    assert [tuple(each.shape[2:]) for each in maps] == [(12, 19), (6, 10), (3, 5), (2, 3)]
    assert (model.strides, model.widths) == ([4, 8, 16, 32], SIZES["dims"])


def test_dense_maps_are_the_classifiers_normed():
    dense, image = small(PoolFormerDense, outputs=[1, 3]), wave(1, 3, 64, 64)
    classifier = small()
    classifier.load_state_dict(dense.state_dict(), strict=False)
    raw = classifier.pyramid(image)
    with torch.no_grad():
        dense.norm6.bias.fill_(2.0)
    found = dense(image)
    torch.testing.assert_close(found[0], nn.functional.group_norm(raw[1], 1))
    torch.testing.assert_close(found[1], nn.functional.group_norm(raw[3], 1) + 2)
    assert (dense.strides, dense.widths) == ([8, 32], [8, 16])


def test_stages_of_one_width_need_not_halve():
    model = small(downsamples=[False, True, False, False], positions=[0, 0, 0, 2])
    maps = model.pyramid(wave(1, 3, 64, 64))
    assert [each.shape[2] for each in maps] == [16, 16, 8, 8]
    assert model.strides == [4, 4, 8, 8]
    assert type(model).config_from_state_dict(model.state_dict())["downsamples"] == [
        *(False, True, False, True)
    ]


class Shift(nn.Module):
    """Move each cell to its neighbour's place."""

    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim, 1, 1))

    def forward(self, x):
        return self.weight * x.roll(1, 3)


def test_mixers_of_the_callers_are_taken_and_asked_for_again(tmp_path):
    mixers = ["pool", "pool", Shift, "identity"]
    model, image = small(mixers=mixers), wave(1, 3, 64, 64)
    assert isinstance(model.network[4][0].token_mixer, Shift)
    model.save_pretrained(tmp_path)
    with pytest.raises(tk.UsageError, match="Shift"):
        MetaFormer.from_pretrained(tmp_path)
    again = MetaFormer.from_pretrained(tmp_path, mixers=mixers).eval()
    assert torch.equal(again(image), model(image))


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("poolformer-s12", ""),
        ("poolformer-dense-s12", ""),
        ("metaformer-ppaa-s12-224", ""),
        ("metaformer-ppff-s12-224", ""),
        ("metaformer-id-s12", "metaformer"),
    ],
)
def test_published_names_load_without_a_word(name, architecture, tmp_path):
    with torch.device("meta"):
        model = tk.create(name)
    tensors = {
        f"patch_embed.proj.{each[5:]}" if each.startswith("stem.") else each: torch.zeros(t.shape)
        for each, t in model.state_dict().items()
    }
    save_file(tensors, tmp_path / "published.safetensors")
    loaded = tk.load_checkpoint(tmp_path / "published.safetensors", architecture=architecture)
    assert type(loaded) is type(model)
    assert plain(sorted(loaded.options.items())) == plain(sorted(model.options.items()))


def test_checkpoints_of_transformers_load_and_agree(tmp_path):
    from transformers import PoolFormerConfig, PoolFormerForImageClassification  # noqa: PLC0415

    torch.manual_seed(0)
    sizes = {"depths": [1, 2, 1, 1], "hidden_sizes": [8, 8, 16, 16], "num_labels": 5}
    theirs = PoolFormerForImageClassification(
        PoolFormerConfig(**sizes, hidden_act="gelu", layer_scale_init_value=0.5)
    ).eval()
    save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    ours = tk.load_checkpoint(tmp_path / "theirs.safetensors")
    image = wave(2, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image).logits)


def test_checkpoints_under_timms_names_load(tmp_path):
    ours, theirs = small(PoolFormer, num_classes=5), {}
    ends = {"stem": "stem.conv", "norm": "head.norm", "head": "head.fc"}
    for name, tensor in ours.state_dict().items():
        first, *rest = name.split(".")
        if first == "network":
            stage, is_down = divmod(int(rest[0]), 2)
            inside = ".".join(rest[1:])
            if is_down:
                found = f"stages.{stage + 1}.downsample.{inside.replace('proj', 'conv')}"
            else:
                found = f"stages.{stage}.blocks.{inside}"
            found = re.sub(r"layer_scale_(\d)", r"layer_scale\1.scale", found)
        else:
            found = ".".join([ends[first], *rest])
        theirs[found] = tensor
    assert len(theirs) == len(ours.state_dict())
    save_file(theirs, tmp_path / "theirs.safetensors")
    loaded, image = tk.load_checkpoint(tmp_path / "theirs.safetensors"), wave(1, 3, 64, 64)
    assert torch.equal(loaded(image), ours(image))


@pytest.mark.parametrize(
    "wrong",
    [
        {"mixers": ["fft"] * 4},
        {"norm": "batch"},
        {"pool": 4},
        {"mixers": ["spatial"] * 4},
        {"dims": [8, 8]},
    ],
)
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(tk.UsageError, match=r"fft|batch|pool is 4|sides|dims"):
        small(**wrong)


def test_outputs_that_are_no_stages_are_refused():
    with pytest.raises(tk.UsageError, match="outputs"):
        small(PoolFormerDense, outputs=[4])


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(tk.InputError, match="32"):
        small()(wave(1, 3, 16, 64))
    with pytest.raises(tk.InputError, match="4 × 4"):
        small(mixers=["pool", "pool", "spatial", "pool"], sides=[0, 0, 4, 0])(wave(1, 3, 96, 96))

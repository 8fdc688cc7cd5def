"""MetaFormer and PoolFormer compute what the published implementation computes."""

import pytest
import torch

import tk
from tk.testing import assert_golden, assert_model, assert_parity, parity_cases, published, wave
from tk_vision.metaformer import MetaFormer, Pooling

MIXERS = {"spatialfc": "spatial"}


def arguments(config):
    found = {
        "depths": config["layers"],
        "dims": config["embed_dims"],
        "mlp_ratios": config["mlp_ratios"],
        "num_classes": config["num_classes"],
        "pool": config.get("pool_size", 3),
    }
    words = [mixer.split() for mixer in config.get("token_mixers", ["pool"] * 4)]
    found["mixers"] = [MIXERS.get(kind, kind) for kind, *_ in words]
    for stage, (kind, *rest) in enumerate(words):
        if kind == "attention":
            found["head_dim"] = int(rest[-1])
        if kind == "spatialfc":
            found["sides"] = [int(rest[0].split("x")[0]) if i == stage else 0 for i in range(4)]
    if "channel" in config.get("norm", "").lower():
        found["norm"] = "channel"
    tables = config.get("add_pos_embs", [None] * 4)
    return found | {"positions": [int(t.split("x")[0]) if t else 0 for t in tables]}


def run(model, inputs):
    found = {"logits": model(inputs["image"])}
    return found | {"mid.stage0": model.pyramid(inputs["image"])[0]}


@pytest.mark.parametrize("path", parity_cases("poolformer"))
def test_parity(path):
    assert_parity(path, published(MetaFormer, arguments), run)


def small(**options):
    torch.manual_seed(0)
    sizes = {"depths": [1, 1, 1, 1], "dims": [8, 8, 16, 16], "num_classes": 5, "scale": 0.5}
    return MetaFormer(**{**sizes, **options}).eval()


def test_golden():
    values = [-2.456051, 2.144544, 0.134664, -2.929416, 2.586422, 0.125284]
    assert_golden(small(), {"image": wave(2, 3, 64, 64)}, {"output": values})


@pytest.mark.parametrize("norm", ["group", "channel"])
def test_promises(norm):
    mixers = ["pool", "identity", "pool", "attention"]
    model = small(mixers=mixers, head_dim=8, norm=norm, positions=[0, 0, 0, 2])
    assert_model(model, {"image": wave(2, 3, 64, 64)})


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("poolformer-s12", 11.9),
        ("poolformer-s24", 21.4),
        ("poolformer-s36", 30.9),
        ("poolformer-m36", 56.2),
        ("poolformer-m48", 73.5),
    ],
)
def test_as_many_parameters_as_published(name, millions):
    with torch.device("meta"):
        model = tk.create(name)
    found = sum(weight.numel() for weight in model.parameters()) / 1e6
    assert found == pytest.approx(millions, abs=0.05)


def test_pooling_of_a_constant_map_is_nothing():
    assert Pooling(3)(torch.full((1, 2, 5, 7), 3.0)).abs().max() < 1e-6


def test_any_size_gives_a_pyramid():
    maps = small().pyramid(wave(1, 3, 50, 77))
    assert [tuple(each.shape[2:]) for each in maps] == [(12, 19), (6, 10), (3, 5), (2, 3)]


@pytest.mark.parametrize("wrong", [{"mixers": ["fft"] * 4}, {"norm": "batch"}, {"pool": 4}])
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(tk.UsageError, match=r"fft|batch|4"):
        small(**wrong)


def test_images_too_small_for_four_stages_are_refused():
    with pytest.raises(tk.InputError, match="32"):
        small()(wave(1, 3, 16, 64))

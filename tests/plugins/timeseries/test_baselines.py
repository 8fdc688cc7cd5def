"""The models that EntroPE and TSMixer are measured against."""

import pytest
import torch
from safetensors.torch import save_file
from transformers import PatchTSTConfig, PatchTSTForPrediction

from tk import UsageError, load_checkpoint
from tk.testing import assert_golden, assert_model, wave
from tk_timeseries.dlinear import DLinear
from tk_timeseries.patchtst import PatchTST


def small(**options):
    torch.manual_seed(0)
    sizes = {"length": 24, "horizon": 8, "patch": 8, "stride": 4, "width": 8, "hidden": 16}
    return PatchTST(**{"channels": 3, "heads": 2, "layers": 1, **sizes, **options}).eval()


def test_patchtst_promises():
    assert_model(small(), {"x": wave(2, 24, 3)})


def test_patchtst_golden():
    assert_golden(
        small(),
        {"x": wave(2, 24, 3)},
        {"output": [1.762338, -2.027518, 1.270666, 1.987023, -0.945238, 0.475532]},
    )


def test_patchtst_loads_what_transformers_saved(tmp_path):
    config = PatchTSTConfig(
        num_input_channels=3,
        context_length=24,
        prediction_length=8,
        patch_length=8,
        patch_stride=4,
        d_model=8,
        num_attention_heads=2,
        num_hidden_layers=1,
        ffn_dim=16,
        pre_norm=False,
        pooling_type=None,
        scaling="std",
    )
    theirs = PatchTSTForPrediction(config).eval()
    theirs.save_pretrained(tmp_path)
    options = {"channels": 3, "heads": 2, "length": 24, "stride": 4}
    ours = load_checkpoint(tmp_path / "model.safetensors", **options)
    x = wave(2, 24, 3)
    assert torch.equal(ours(x), theirs(past_values=x).prediction_outputs)


@pytest.mark.parametrize("wrong", [{"patch": 30}, {"heads": 3}])
def test_patchtst_refuses_what_cannot_be(wrong):
    with pytest.raises(UsageError, match="|".join(map(str, wrong.values()))):
        small(**wrong)


@pytest.mark.parametrize("individual", [False, True])
def test_dlinear_promises(individual):
    model = DLinear(channels=3, length=24, horizon=8, window=5, individual=individual)
    assert_model(model, {"x": wave(2, 24, 3)})


def test_dlinear_adds_what_it_makes_of_the_trend_and_of_the_rest():
    model = DLinear(length=6, horizon=6, window=3)
    for maps in (model.seasonal, model.trend):
        torch.nn.init.eye_(maps[0].weight)
        torch.nn.init.zeros_(maps[0].bias)
    x = wave(2, 6, 3)
    assert torch.allclose(model(x), x, atol=1e-6)
    torch.nn.init.zeros_(model.seasonal[0].weight)
    edges = torch.cat([x[:, :1], x, x[:, -1:]], dim=1)
    assert torch.allclose(model(x), edges.unfold(1, 3, 1).mean(-1), atol=1e-6)


def test_dlinear_loads_from_the_published_names(tmp_path):
    model = DLinear(length=24, horizon=8)
    names = {"seasonal.0": "Linear_Seasonal", "trend.0": "Linear_Trend"}
    tensors = {
        f"{theirs}.{part}": model.get_parameter(f"{ours}.{part}").data
        for ours, theirs in names.items()
        for part in ("weight", "bias")
    }
    save_file(tensors, tmp_path / "dlinear.safetensors")
    x = wave(2, 24, 3)
    assert torch.equal(load_checkpoint(tmp_path / "dlinear.safetensors")(x), model(x))


def test_dlinear_refuses_an_even_window():
    with pytest.raises(UsageError, match="24"):
        DLinear(window=24)

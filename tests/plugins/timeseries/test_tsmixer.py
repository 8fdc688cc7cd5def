"""TSMixer computes what transformers computes, and has the two heads that it lacks."""

import pytest
import torch
from torch.nn import functional as F

from tk import UsageError, load_checkpoint
from tk.testing import assert_golden, assert_model, assert_parity, parity_cases, published, wave
from tk.testing.parity import read_case
from tk_timeseries.tsmixer.classify import TSMixerClassifier
from tk_timeseries.tsmixer.forecast import TSMixer
from tk_timeseries.tsmixer.pretrain import Rebuilt, TSMixerPretraining
from tk_timeseries.tsmixer.reconcile import HierarchyReconciliation

NAMES = {
    "context_length": "length",
    "patch_length": "patch",
    "patch_stride": "stride",
    "num_input_channels": "channels",
    "d_model": "width",
    "expansion_factor": "expansion",
    "num_layers": "layers",
    "gated_attn": "gated",
    "self_attn": "self_attention",
    "self_attn_heads": "heads",
    "norm_mlp": "norm",
}
SAME = ("mode", "scaling", "dropout", "head_dropout")


def shared(config):
    renamed = {ours: config[theirs] for theirs, ours in NAMES.items() if theirs in config}
    return renamed | {name: config[name] for name in SAME if name in config}


def forecasting(config):
    return {**shared(config), "horizon": config["prediction_length"]}


def pretraining(config):
    return {**shared(config), "last": config.get("num_forecast_mask_patches", 0)}


def classifying(config):
    pooling = config["head_aggregation"]
    return {**shared(config), "classes": config["num_targets"], "pooling": pooling}


def is_pretraining(config):
    return "mask_type" in config


def is_classifying(config):
    return "num_targets" in config


def is_forecasting(config):
    return not is_pretraining(config) and not is_classifying(config)


@pytest.mark.parametrize("path", parity_cases("tsmixer", only=is_forecasting))
def test_parity_of_forecasts(path):
    def run(model, inputs):
        found = model(inputs["past_values"])
        hidden = model.model(inputs["past_values"]).last_hidden_state
        loss = model.loss(inputs["past_values"], inputs["future_values"])
        return {"prediction_outputs": found, "loss": loss, "mid.last_hidden_state": hidden}

    assert_parity(path, published(TSMixer, forecasting), run)


@pytest.mark.parametrize("path", parity_cases("tsmixer", only=is_pretraining))
def test_parity_of_pretraining(path):
    def run(model, inputs):
        rebuilt = model(inputs["past_values"], read_case(path).tensors["mid.mask"].bool())
        return {"prediction_outputs": rebuilt.patches, "loss": rebuilt.loss()}

    assert_parity(path, published(TSMixerPretraining, pretraining), run)


@pytest.mark.parametrize("path", parity_cases("tsmixer", only=is_classifying))
def test_parity_of_classes(path):
    def run(model, inputs):
        logits = model(inputs["past_values"])
        loss = F.cross_entropy(logits, inputs["target_values"].long())
        return {"prediction_outputs": logits, "loss": loss}

    assert_parity(path, published(TSMixerClassifier, classifying), run)


def small(**options):
    torch.manual_seed(0)
    sizes = {"channels": 3, "length": 32, "horizon": 10, "patch": 8, "width": 8, "layers": 2}
    return TSMixer(**{**sizes, **options}).eval()


def windows(rows=2, length=32, channels=3):
    return torch.randn(rows, length, channels, generator=torch.Generator().manual_seed(0)).cumsum(1)


@pytest.mark.parametrize("reach", [0, 2])
@pytest.mark.parametrize("sum_patch", [0, 4])
def test_promises(reach, sum_patch):
    assert_model(small(reach=reach, sum_patch=sum_patch), {"x": windows()})


def test_golden():
    model = small(mode="mix_channel", reach=1, sum_patch=4)
    assert_golden(
        model,
        {"x": wave(2, 32, 3)},
        {"output": [0.069771, -0.222944, 0.196874, -0.16606, -0.06942, 0.033273]},
    )


def test_channels_apart_can_be_permuted_and_mixed_ones_not():
    x, order = windows(), [2, 0, 1]
    apart, mixed = small(), small(mode="mix_channel", gated=False)
    assert torch.allclose(apart(x[..., order]), apart(x)[..., order], atol=1e-6)
    other = x.clone()
    other[..., 1] = x[..., 1].flip(1)
    assert torch.allclose(apart(other)[..., 0], apart(x)[..., 0], atol=1e-6)
    assert not torch.allclose(mixed(other)[..., 0], mixed(x)[..., 0], atol=1e-6)


@pytest.mark.parametrize("heads", [{"reach": 2}, {"sum_patch": 4}, {"reach": 1, "sum_patch": 3}])
def test_untrained_reconciliation_is_the_base_forecast(heads):
    base, other = small(), small(**heads)
    other.load_state_dict(base.state_dict(), strict=False)
    assert torch.equal(other(windows()), base(windows()))


def test_channel_reconciliation_sees_the_other_channels():
    model = small(reach=1)
    torch.nn.init.normal_(model.channels.revise.weight)
    x = windows()
    other = x.clone()
    other[..., 1] = x[..., 1].flip(1)
    assert not torch.allclose(model(other)[..., 0], model(x)[..., 0], atol=1e-6)


def test_an_exact_hierarchy_costs_nothing():
    head = HierarchyReconciliation(5, 10, 4)
    truth = windows(length=10)
    sums = head.means(truth) * 4
    assert torch.allclose(sums[:, 0], truth[:, :4].sum(1), atol=1e-5)
    assert torch.allclose(sums[:, 2], truth[:, 8:].sum(1), atol=1e-5)
    found = type(head(torch.zeros(2, 3, 5), truth))(truth, sums)
    assert float(head.loss(found, truth)) == pytest.approx(0.0, abs=1e-9)


def test_patches_in_sight_do_not_count():
    truth = torch.zeros(1, 1, 3, 2)
    patches = torch.tensor([[[[9.0, 9.0], [1.0, 1.0], [9.0, 9.0]]]])
    hidden = torch.tensor([[[False, True, False]]])
    assert Rebuilt(patches, truth, hidden).loss() == 1


@pytest.mark.parametrize(("options", "count"), [({"share": 0.5}, 2), ({"last": 1}, 1)])
def test_as_many_patches_are_hidden_as_asked(options, count):
    model = TSMixerPretraining(channels=3, length=32, width=8, layers=1, **options)
    hidden = model(windows()).hidden
    assert hidden.sum(-1).tolist() == [[count] * 3] * 2


def test_a_pretrained_body_starts_a_forecaster(tmp_path):
    body = {"channels": 3, "length": 32, "patch": 8, "stride": 8, "width": 8, "layers": 2}
    before = TSMixerPretraining(**body)
    before.save_pretrained(tmp_path)
    options = {**body, "horizon": 10}
    model = load_checkpoint(
        tmp_path / "model.safetensors", architecture="tsmixer", fresh=["head.*"], **options
    )
    assert torch.equal(model.model.encoder.patcher.weight, before.model.encoder.patcher.weight)


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (small, {"patch": 40}),
        (lambda **o: TSMixerPretraining(channels=1, **o), {"share": 1.5}),
        (lambda **o: TSMixerPretraining(channels=1, length=32, **o), {"last": 4}),
    ],
)
def test_options_that_cannot_be_are_refused(make, wrong):
    with pytest.raises(UsageError, match=str(next(iter(wrong.values())))):
        make(**wrong)

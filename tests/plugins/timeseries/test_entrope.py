"""EntroPE computes what the published implementation computes."""

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

import tk
from tk.testing import assert_golden, assert_model, assert_parity, parity_cases, published, wave
from tk.testing.parity import read_case
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.model import EntroPE, Patched
from tk_timeseries.entrope.patching import ids_of, patch_lengths
from tk_timeseries.entrope.tokeniser import Tokeniser


def hidden(d_model, d_ff):
    """What the reference makes of its ``d_ff``: ⅔·4·d rounded up to a multiple of it."""
    return -(-int(8 * d_model / 3) // d_ff) * d_ff


def arguments(config):
    return {
        "channels": config["enc_in"],
        "length": config["seq_len"],
        "horizon": config["pred_len"],
        "width": config["d_model"],
        "heads": config["n_heads"],
        "layers": config["e_layers"],
        "hidden": hidden(config["d_model"], config["d_ff"]),
        "vocabulary": config["vocab_size"],
        "low": config["quant_low"],
        "high": config["quant_high"],
        "rule": "rise" if config["monotonicity"] else "quantile",
        "quantile": config["patching_threshold"],
        "max_patch": config["max_patch_length"],
        "affine": bool(config["affine"]),
        "subtract_last": bool(config["subtract_last"]),
        "individual": bool(config["individual"]),
    }


def as_shipped(model):
    """Return the same model with the entropy net in bfloat16."""
    other = EntroPE(**{**model.options, "reference_bfloat16": True}).eval()
    other.load_state_dict(model.state_dict())
    return other


def run(model, inputs):
    x = inputs["x"]
    patched = model.tokenise(x)
    logits = model.entropy_model(patched.ids[:, :-1])
    shipped = as_shipped(model)
    theirs = shipped.tokenise(x)
    return {
        "forecast_fp32": model(x),
        "forecast": shipped(x),
        "entropy_model_loss": F.cross_entropy(logits.flatten(0, 1), patched.ids[:, 1:].flatten()),
        "mid.fp32_token_ids": patched.ids,
        "mid.fp32_entropies": model.entropies(patched.ids),
        "mid.fp32_patch_lengths": patch_lengths(patched.patches),
        "mid.token_ids": theirs.ids,
        "mid.entropies": shipped.entropies(theirs.ids),
        "mid.patch_lengths": patch_lengths(theirs.patches),
        "mid.boundaries": shipped.tokeniser.edges(),
        "mid.fp32_boundaries": model.tokeniser.edges(),
    }


def is_whole(config):
    return "enc_in" in config


@pytest.mark.parametrize("path", parity_cases("entrope", only=is_whole))
def test_parity(path):
    assert_parity(path, published(EntroPE, arguments), run)


@pytest.mark.parametrize("path", parity_cases("entrope", only=is_whole))
def test_tokens_and_patches_are_the_same_ones(path):
    case = read_case(path)
    model = published(EntroPE, arguments)(case.config, case.under("param")).eval()
    for each, prefix in ((model, "fp32_"), (as_shipped(model), "")):
        patched = each.tokenise(case.tensors["input.x"])
        wanted = case.tensors[f"mid.{prefix}patch_lengths"]
        assert torch.equal(patched.ids, case.tensors[f"mid.{prefix}token_ids"].long())
        assert torch.equal(patch_lengths(patched.patches), wanted.long())
        assert torch.equal(ids_of(wanted.long()), patched.patches)


@pytest.mark.parametrize("path", parity_cases("entrope", only=lambda config: not is_whole(config)))
def test_the_published_entropy_model_cuts_real_windows_as_published(path):
    def build(config, params):
        mine = {name.removeprefix("entropy_model."): t for name, t in params.items()}
        settings = {**config["cfg"], **{k: config[k] for k in ("quant_low", "quant_high")}}
        arguments_ = arguments({"affine": 1, "subtract_last": 0, "individual": 0, **settings})
        model = EntroPE(**arguments_).eval()
        model.entropy_model = published(EntropyModel, lambda _: {"heads": 4})(config, mine)
        return model

    def cut(model, inputs):
        found = {"quant_range": torch.tensor([model.tokeniser.low, model.tokeniser.high])}
        for each, name in ((model, "fp32"), (as_shipped(model), "bf16")):
            patched = each.tokenise(inputs["x"])
            found[f"{name}_token_ids"] = patched.ids
            found[f"{name}_entropies"] = each.entropies(patched.ids)
            found[f"{name}_patch_lengths"] = patch_lengths(patched.patches)
        return found

    assert_parity(path, build, cut)


def small(**options):
    sizes = {"channels": 3, "length": 24, "horizon": 8, "width": 8, "heads": 2, "layers": 1}
    rest = {"hidden": 16, "quantile": 0.8, "max_patch": 6, "vocabulary": 32}
    torch.manual_seed(0)
    return EntroPE(**{**sizes, **rest, "low": -2.0, "high": 2.0, **options}).eval()


def windows(batch=2, length=24, channels=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, length, channels, generator=generator).cumsum(1)


def test_golden():
    model = small(sees_padding=False)
    assert_golden(
        model,
        {"x": wave(2, 24, 3)},
        {"output": [-0.120398, 0.064121, 0.503858, -0.265977, 0.559634, 0.543144]},
    )


def test_promises():
    assert_model(small(sees_padding=False), {"x": windows()})


def test_a_forecast_depends_on_its_batch_only_where_padding_is_seen():
    x = torch.cat([windows(), windows(seed=3)])
    for sees_padding in (True, False):
        model = small(sees_padding=sees_padding)
        alone = torch.cat([model(row[None]) for row in x])
        assert torch.allclose(model(x), alone, atol=1e-5) is not sees_padding


def test_permuting_channels_permutes_forecasts():
    model, x = small(), windows()
    assert torch.allclose(model(x[..., [2, 0, 1]]), model(x)[..., [2, 0, 1]], atol=1e-6)


def test_scaling_and_shifting_a_window_scales_and_shifts_its_forecast():
    model, x = small(), windows()
    assert torch.allclose(model(x * 20 + 5), model(x) * 20 + 5, atol=2e-3)


def test_one_head_per_channel_loads_from_the_published_names(tmp_path):
    model = small(individual=True, has_entropy_model=False)
    tensors = {}
    for name, tensor in model.state_dict().items():
        reference = name.replace("revin.", "revin_layer.")
        inside = reference.startswith(("revin_layer", "head"))
        tensors[f"model.{reference}" if inside else f"model.backbone.{reference}"] = tensor
    save_file(tensors, tmp_path / "published.safetensors")
    options = {"heads": 2, "quantile": 0.8, "max_patch": 6, "low": -2.0, "high": 2.0}
    loaded = tk.load_checkpoint(tmp_path / "published.safetensors", **options)
    patched = small().tokenise(windows())
    assert torch.equal(loaded(windows(), patched), model(windows(), patched))
    with pytest.raises(tk.UsageError, match="no entropy model"):
        loaded(windows())


def test_the_published_file_of_an_entropy_model_loads(tmp_path):
    net = EntropyModel(heads=4, vocabulary=32, length=24)
    state = {f"transformer.{name}": tensor for name, tensor in net.state_dict().items()}
    state["lm_head.weight"] = state["transformer.wte.weight"]
    torch.save({"epoch": 3, "val_loss": 4.1, "model_state_dict": state}, tmp_path / "ETTh1.pt")
    ids = torch.randint(0, 32, (2, 24))
    assert torch.equal(tk.load_checkpoint(tmp_path / "ETTh1.pt")(ids), net(ids))


def test_known_tokens_and_patches_give_the_same_forecast():
    model, x = small(), windows()
    assert torch.equal(model(x, model.tokenise(x)), model(x))


def test_without_the_affine_map_tokens_do_not_change_while_the_model_learns():
    model, x = small(tokenises_affine=False), windows()
    before = model.tokenise(x)
    torch.nn.init.constant_(model.revin.affine_weight, 3.0)
    torch.nn.init.constant_(model.revin.affine_bias, -1.0)
    assert torch.equal(model.tokenise(x).ids, before.ids)
    changed = small()
    changed.load_state_dict(model.state_dict())
    assert not torch.equal(changed.tokenise(x).ids, before.ids)


def test_no_gradient_reaches_the_affine_map_through_tokens_or_the_entropy_model():
    model = small()
    patched = model.tokenise(windows())
    assert not any(tensor.requires_grad for tensor in patched)
    model(windows()).sum().backward()
    assert all(weight.grad is None for weight in model.entropy_model.parameters())
    assert model.revin.affine_bias.grad.abs().sum() > 0


def test_a_window_of_another_length_is_refused():
    with pytest.raises(tk.InputError, match="24"):
        small()(windows(length=30))


@pytest.mark.parametrize("missing", [float("nan"), float("inf")])
def test_a_window_with_a_value_that_is_none_is_refused(missing):
    x = windows()
    x[0, 3, 1] = missing
    with pytest.raises(tk.InputError, match="finite"):
        small()(x)


def test_ids_leave_out_the_special_ones():
    ids = Tokeniser(16, -1.0, 1.0).encode(torch.tensor([[-9.0, 0.0, 9.0, torch.nan]]))
    assert ids.tolist() == [[5, 10, 15, 0]]
    assert isinstance(Patched(ids, ids), tuple)

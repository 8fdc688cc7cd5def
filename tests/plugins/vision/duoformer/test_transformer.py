"""DuoFormer's transformer computes what the published implementation computes."""

import pytest
import torch

import tk
from tk.testing import assert_golden, assert_model, assert_parity, parity_cases, published, wave
from tk_vision.duoformer import ScaleRegionTransformer

NAMES = {
    "depth": "depth",
    "scales": "scales",
    "num_heads": "heads",
    "embed_dim": "dim",
    "mlp_ratio": "mlp_ratio",
    "qkv_bias": "qkv_bias",
    "num_classes": "num_classes",
    "num_patches": "regions",
}


def build(config, params):
    seen = ScaleRegionTransformer.config_from_state_dict(
        ScaleRegionTransformer.convert(dict(params))
    )

    def arguments(config):
        found = {ours: config[theirs] for theirs, ours in NAMES.items() if theirs in config}
        found["wiring"] = "ends" if "model_type" in config else "chain"
        found["layer_scale"] = bool(config.get("init_values"))
        # In the reference dropout switches norms on, by an argument's place: not in words.
        return found | {"qk_norm": seen["qk_norm"]}

    return published(ScaleRegionTransformer, arguments)(config, params)


def run(model, inputs):
    mid = model.attend_scales(inputs["tokens"])
    return {"logits": model(inputs["tokens"]), "mid.after_scale_attention": mid[:, ::12]}


@pytest.mark.parametrize("path", parity_cases("duoformer", only=lambda c: "num_heads" in c))
def test_parity(path):
    assert_parity(path, build, run)


def small(**options):
    torch.manual_seed(0)
    sizes = {"dim": 12, "depth": 3, "heads": 3, "scales": 2, "regions": 4, "num_classes": 5}
    return ScaleRegionTransformer(**{**sizes, **options}).eval()


def test_golden():
    values = [0.090068, 0.023581, -0.143352, 2.281858, -2.202488, 2.113309]
    assert_golden(small(), {"tokens": wave(2, 4, 6, 12)}, {"output": values})


@pytest.mark.parametrize(
    "options",
    [
        {"wiring": "ends", "layer_scale": True, "depth": 2, "drop_path": 0.1},
        {"wiring": "chain", "qk_norm": [True, True], "qkv_bias": False, "depth": 1},
        {"wiring": "chain", "qk_norm": [False, True], "mlp_ratio": 2.0, "dropout": 0.1},
    ],
)
def test_promises(options):
    assert_model(small(**options), {"tokens": wave(2, 4, 6, 12)})


def test_scales_of_one_region_never_see_another_region():
    model, tokens = small(), wave(2, 4, 6, 12)
    other = tokens.clone()
    other[:, 1, 3, 0] += 1.0
    before, after = model.attend_scales(tokens), model.attend_scales(other)
    assert torch.equal(before[:, [0, 2, 3]], after[:, [0, 2, 3]])
    assert (before[:, 1] != after[:, 1]).all()


@pytest.mark.parametrize("wiring", ["ends", "chain"])
def test_regions_see_the_tokens_of_scales_alone(wiring, monkeypatch):
    model, tokens = small(wiring=wiring), wave(2, 4, 6, 12)
    attended, found = model.attend_scales(tokens), []
    for changed in (slice(0, 0), slice(1, 6), slice(0, 1)):
        other = attended.clone()
        other[:, :, changed] += wave(2, 4, 6, 12)[:, :, changed]
        monkeypatch.setattr(model, "attend_scales", lambda _tokens, other=other: other)
        found.append(model(tokens))
    assert torch.equal(found[0], found[1])
    assert (found[0] != found[2]).all()


def test_attentions_among_regions_are_scaled_by_wiring():
    assert small().region_blocks[1].scale == pytest.approx(2 * 12**-0.5)
    assert small(wiring="chain").scale_blocks[0].attn.scale == pytest.approx(4**-0.5)


def test_of_the_published_ends_the_first_and_the_last_count():
    params = published_ends(depth=4)
    ours = ScaleRegionTransformer.convert(dict(params))
    for name in ("qkv.weight", "proj.bias"):
        assert torch.equal(ours[f"region_blocks.0.{name}"], params[f"blocks.0.attn.{name}"])
        assert torch.equal(ours[f"region_blocks.1.{name}"], params[f"blocks.3.attn.{name}"])
        assert f"region_blocks.2.{name}" not in ours
    assert not any("q_norm" in name for name in ours)
    assert ScaleRegionTransformer.config_from_state_dict(ours)["depth"] == 4


def published_ends(*, depth):
    """Name tensors as the published file does, with all that nothing reads."""
    model = small(depth=depth)
    tensors = {"patch_embed.proj.weight": wave(12, 3, 32, 32), "norm.weight": wave(12)}
    for number in range(depth):
        start = f"blocks.{number}"
        for name, tensor in model.scale_blocks[number].state_dict().items():
            tensors[f"{start}.{name.replace('qkv', 'qkv1').replace('proj', 'proj1')}"] = tensor
        for name, tensor in model.region_blocks[0].state_dict().items():
            tensors[f"{start}.attn.{name}"] = tensor + number
        tensors[f"{start}.attn.q_norm.weight"] = torch.ones(4)
    for name in ("cls_token", "pos_embed", "pos_embed_for_scale", "head.bias"):
        tensors[name] = model.state_dict()[name]
    return tensors


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"heads": 5}, "width 12 .* 5 heads"),
        ({"scales": 5}, "scales is 5"),
        ({"wiring": "ring"}, "'ring' is none of ends, chain"),
        ({"depth": 1}, "depth is 1; wiring 'ends' needs 2"),
        ({"qk_norm": [True]}, "give two"),
        ({"qk_norm": [True, False]}, "for wiring 'chain'"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(tk.UsageError, match=said):
        small(**wrong)


@pytest.mark.parametrize("shape", [(2, 4, 22, 12), (2, 9, 6, 12), (2, 6, 12)])
def test_other_tokens_are_refused(shape):
    with pytest.raises(tk.InputError, match=r"takes \(B, 4, 6, 12\)"):
        small()(wave(*shape))

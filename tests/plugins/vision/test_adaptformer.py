"""AdaptFormer computes what the authors' code computes, for images and videos, in every option."""

import math

import pytest
import torch
from torch.nn.functional import gelu, layer_norm, linear

import tk
from tk.testing import (
    assert_golden,
    assert_model,
    assert_parity,
    fill,
    parity_cases,
    published,
    recorded,
    wave,
)
from tk_vision.adapters import Tuning
from tk_vision.adaptformer import AdaptFormer
from tk_vision.adaptformer_video import VideoAdaptFormer, sines
from tk_vision.vit import ViT


def tuning(config):
    options = config["tuning_config"]
    scale = options["ffn_adapter_scalar"]
    return {
        "bottleneck": options["ffn_num"] if options["ffn_adapt"] else 0,
        "placement": options["ffn_option"],
        "adapter_norm": options["ffn_adapter_layernorm_option"],
        "adapter_scale": None if scale == "learnable_scalar" else float(scale),
        "prompts": options["vpt_num"] if options["vpt_on"] else 0,
    }


def shared(config):
    return tuning(config) | {
        "dim": config["embed_dim"],
        "depth": config["depth"],
        "heads": config["num_heads"],
        "patch": config["patch_size"],
        "channels": config.get("in_chans", 3),
        "mlp_ratio": config["mlp_ratio"],
        "qkv_bias": config["qkv_bias"],
        "num_classes": config["num_classes"],
    }


def image_arguments(config):
    mean = config.get("global_pool", False)
    image = {"image": config["img_size"], "pool": "mean" if mean else "cls", "fc_norm": mean}
    return shared(config) | image


def video_arguments(config):
    pool = "mean" if config.get("use_mean_pooling", True) else "first"
    return shared(config) | {"tubelet": config["tubelet_size"], "pool": pool}


def run(model, inputs):
    names = {}
    if model.options["bottleneck"]:
        names["mid.adapter0"] = "blocks.0.adaptmlp"
    if not model.options["prompts"]:  # the authors' blocks return prompts too
        names["mid.block0"] = "blocks.0"
    with recorded(model, names) as mid:
        logits = model(inputs["image"])
    return {"logits": logits, "features": model.features(inputs["image"]), **mid}


def is_video(config):
    return "tubelet_size" in config


def is_image(config):
    return not is_video(config)


@pytest.mark.parametrize("path", parity_cases("adaptformer", only=is_image))
def test_parity_of_images(path):
    assert_parity(path, published(AdaptFormer, image_arguments), run)


@pytest.mark.parametrize("path", parity_cases("adaptformer", only=is_video))
def test_parity_of_videos(path):
    assert_parity(path, published(VideoAdaptFormer, video_arguments), run)


SIZES = {"dim": 16, "depth": 2, "heads": 2, "patch": 8, "num_classes": 5, "bottleneck": 6}


def small(**options):
    torch.manual_seed(0)
    return AdaptFormer(**{**SIZES, "image": 32, **options}).eval()


def small_video(**options):
    torch.manual_seed(0)
    return VideoAdaptFormer(**{**SIZES, "mlp_ratio": 2.0, **options}).eval()


def of_authors(model):
    """Return the weights under the authors' names, queries, keys and values apart."""
    found = {}
    for ours, tensor in model.state_dict().items():
        name = ours.replace(".mlp.", ".")
        name = name.replace("attn.qkv.q_", "attn.q_").replace("attn.qkv.v_", "attn.v_")
        if ".attn.qkv." in name:
            for letter, part in zip("qkv", tensor.chunk(3), strict=True):
                found[name.replace(".qkv.", f".{letter}_proj.")] = part
        elif name.endswith("prompts.table"):
            found[f"embeddings.{name.split('.')[1]}"] = tensor
        else:
            found[name] = tensor
    return found


class ByHand:
    """The authors' equations over their tensor names, without any layer of ours."""

    def __init__(self, weights, options):
        self.weights, self.options = weights, options

    def affine(self, name, x, bias=None):
        bias = self.weights.get(f"{name}.bias") if bias is None else bias
        return linear(x, self.weights[f"{name}.weight"], bias)

    def normed(self, name, x, eps=1e-6):
        scale, shift = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return layer_norm(x, x.shape[-1:], scale, shift, eps)

    def adapter(self, name, x):
        norm = f"{name}.adapter_layer_norm_before"
        inner = self.normed(norm, x, 1e-5) if self.options["adapter_norm"] == "in" else x
        fixed = self.options["adapter_scale"]
        scale = self.weights[f"{name}.scale"] if fixed is None else fixed
        y = scale * self.affine(
            f"{name}.up_proj", self.affine(f"{name}.down_proj", inner).clamp(min=0)
        )
        return self.normed(norm, y, 1e-5) if self.options["adapter_norm"] == "out" else y

    def attention(self, name, x):
        parts = []
        for letter in "qkv":
            bias = self.weights.get(f"{name}.{letter}_bias")
            part = self.affine(f"{name}.{letter}_proj", x, bias)
            parts.append(part.unflatten(-1, (self.options["heads"], -1)).transpose(1, 2))
        query, key, value = parts
        weight = (query / math.sqrt(query.shape[-1]) @ key.transpose(-1, -2)).softmax(-1)
        return self.affine(f"{name}.proj", (weight @ value).transpose(1, 2).flatten(2))

    def block(self, i, x):
        name, adapts = f"blocks.{i}", self.options["bottleneck"] > 0
        prompts = self.options["prompts"]
        if prompts:
            x = torch.cat([self.weights[f"embeddings.{i}"].expand(len(x), -1, -1), x], 1)
        x = x + self.attention(f"{name}.attn", self.normed(f"{name}.norm1", x))
        hidden = gelu(self.affine(f"{name}.fc1", self.normed(f"{name}.norm2", x)))
        z = self.affine(f"{name}.fc2", hidden)
        if adapts:
            sequential = self.options["placement"] == "sequential"
            z = z + self.adapter(f"{name}.adaptmlp", z if sequential else x)
        return (x + z)[:, prompts:]

    def logits(self, x):
        for i in range(self.options["depth"]):
            x = self.block(i, x)
        return x


EVERY = [
    {},
    {"placement": "sequential"},
    {"adapter_norm": "in"},
    {"adapter_norm": "out", "placement": "sequential"},
    {"adapter_scale": None, "adapter_norm": "out"},
    {"prompts": 3},
    {"prompts": 2, "bottleneck": 0},
    {"bottleneck": 0},
    {"prompts": 2, "placement": "sequential", "adapter_scale": None},
]


@pytest.mark.parametrize("options", [*EVERY, {"qkv_bias": False}])
def test_images_by_the_equations(options):
    pooled = {"pool": "mean", "fc_norm": True} if "prompts" in options else {}
    model, image = fill(small(**options, **pooled)).double(), wave(2, 3, 32, 32).double()
    hand = ByHand(of_authors(model), model.options)
    expected = hand.logits(model.embed(image))
    if pooled:
        expected = hand.normed("fc_norm", expected[:, 1:].mean(1))
    else:
        expected = hand.normed("norm", expected)[:, 0]
    assert (model.features(image) - expected).abs().max() < 1e-12


@pytest.mark.parametrize("options", [*EVERY, {"qkv_bias": False}])
def test_videos_by_the_equations(options):
    model, video = fill(small_video(**options)).double(), wave(2, 3, 4, 16, 24).double()
    hand = ByHand(of_authors(model), model.options)
    tokens = model.patch_embed(video)
    expected = hand.logits(tokens + sines(tokens.shape[1], 16).double())
    expected = hand.normed("fc_norm", expected.mean(1))
    assert (model.features(video) - expected).abs().max() < 1e-12


@pytest.mark.parametrize("model", [small(prompts=2), small_video(prompts=2)])
def test_the_authors_names_load(model, tmp_path):
    names = of_authors(model)
    torch.save({"model": names}, tmp_path / "c.pth")
    loaded = tk.load_checkpoint(tmp_path / "c.pth", heads=2)
    assert type(loaded) is type(model)
    assert loaded.options == model.options
    assert all(torch.equal(t, model.state_dict()[n]) for n, t in loaded.state_dict().items())


def test_a_trained_head_has_a_batch_norm(tmp_path):
    model = small(head_norm=True)
    torch.save({"model": of_authors(model)}, tmp_path / "c.pth")
    loaded = tk.load_checkpoint(tmp_path / "c.pth", heads=2)
    assert loaded.options == model.options
    assert loaded.head[0].running_mean.shape == (16,)


def test_a_pre_trained_encoder_starts_an_adaptation(tmp_path):
    plain = ViT(**{k: v for k, v in SIZES.items() if k != "bottleneck"}, image=32).eval()
    torch.save({"model": plain.state_dict()}, tmp_path / "mae.pth")
    fresh = ["*adaptmlp*", "head.*"]
    options = {"architecture": "adaptformer", "heads": 2, "bottleneck": 4}
    model = tk.load_checkpoint(tmp_path / "mae.pth", fresh=fresh, num_classes=3, **options)
    image = wave(2, 3, 32, 32)
    assert torch.equal(model.features(image), plain.features(image))
    assert model(image).shape == (2, 3)


def test_golden():
    assert_golden(
        small(),
        {"image": wave(2, 3, 32, 32)},
        {"output": [1.278872, 1.318085, -2.637833, 1.366317, 1.306244, -2.712342]},
    )


def test_golden_of_videos():
    assert_golden(
        small_video(),
        {"video": wave(2, 3, 4, 16, 16)},
        {"output": [-0.188897, 0.752597, -0.716704, -0.175895, 0.738403, -0.714199]},
    )


@pytest.mark.parametrize("options", EVERY)
def test_promises(options):
    assert_model(small(**options), {"image": wave(2, 3, 32, 32)})
    assert_model(small_video(**options), {"video": wave(2, 3, 4, 16, 16)})


def test_only_adapters_prompts_and_head_learn():
    model = small(prompts=2)
    learning = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {n.split(".")[2] for n in learning if n.startswith("blocks.")} == {"adaptmlp", "prompts"}
    assert {n for n in learning if not n.startswith("blocks.")} == {"head.weight", "head.bias"}


# Adapters of the paper's table, in millions, and ViT's parameters beside them.
@pytest.mark.parametrize(
    ("name", "millions", "adapters"),
    [
        ("adaptformer-b-16", 86.57, 1.1896),
        ("adaptformer-l-16", 304.33, 3.1719),
        ("adaptformer-h-14", 632.05, 5.2858),
        ("adaptformer-video-s-16", 22.0, 0.5952),
        ("adaptformer-video-b-16", 86.2, 1.1896),
        ("adaptformer-video-l-16", 303.9, 3.1719),
    ],
)
def test_as_many_parameters_as_published_and_under_two_percent_learn(name, millions, adapters):
    with torch.device("meta"):
        model = tk.create(name, num_classes=400 if "video" in name else 1000)
    named = dict(model.named_parameters())
    narrow = sum(p.numel() for n, p in named.items() if "adaptmlp" in n) / 1e6
    whole = sum(p.numel() for p in named.values()) / 1e6
    assert narrow == pytest.approx(adapters, abs=1e-4)
    assert whole - narrow == pytest.approx(millions, rel=4e-3)
    assert narrow / whole < 0.02 or "-s-" in name


def test_a_fresh_image_model_is_its_vit_and_a_fresh_video_model_only_on_demand():
    plain = ViT(**{k: v for k, v in SIZES.items() if k != "bottleneck"}, image=32)
    model, image = small(), wave(2, 3, 32, 32)
    kept = {n: t for n, t in model.state_dict().items() if "adaptmlp" not in n}
    plain.load_state_dict(kept)
    assert torch.equal(plain.eval()(image), model(image))
    assert (
        small_video(adapter_start="zero").blocks[0].adaptmlp.up_proj.weight.detach().abs().max()
        == 0
    )
    assert small_video().blocks[0].adaptmlp.up_proj.weight.detach().std() == pytest.approx(
        0.02, rel=0.3
    )
    assert small_video().head.weight.detach().abs().max() < 0.001


def test_pyramids():
    maps = small().pyramid(wave(1, 3, 40, 24))
    assert [tuple(each.shape) for each in maps] == [(1, 16, 5, 3)] * 4
    maps = small_video().pyramid(wave(1, 3, 4, 16, 24))
    assert [tuple(each.shape) for each in maps] == [(1, 16, 2, 2, 3)] * 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"placement": "before"}, "before"),
        ({"adapter_norm": "both"}, "both"),
        ({"bottleneck": -1}, "below 0"),
        ({"adapter_dropout": 1.0}, "1.0"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(tk.UsageError, match=message):
        Tuning(**wrong)


def test_videos_that_tubelets_do_not_divide_are_refused():
    with pytest.raises(tk.InputError, match="2, 8, 8"):
        small_video()(wave(1, 3, 3, 16, 16))
    with pytest.raises(tk.InputError, match="B, C, T, H, W"):
        small_video()(wave(1, 3, 16, 16))
    with pytest.raises(tk.UsageError, match="adapter_start"):
        small_video(adapter_start="one")

"""Adapters go into any fitting model, are saved alone, and leave no trace once detached."""

import copy
import json
import re

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import ViTConfig, ViTForImageClassification

import tk
from tk.protocols import Splits
from tk.testing import wave
from tk_vision.adapted import attach, load_adapter
from tk_vision.adapters import Tuning
from tk_vision.adaptformer import AdaptFormer
from tk_vision.metaformer import MetaFormer
from tk_vision.tnt import TNT
from tk_vision.vit import ViT

IMAGE = wave(2, 3, 32, 32)
SIZES = {"dim": 16, "depth": 2, "heads": 2, "image": 32, "patch": 8, "num_classes": 5}


def vit(**options):
    torch.manual_seed(0)
    return ViT(**{**SIZES, **options}).eval()


def tnt():
    torch.manual_seed(0)
    sizes = {"inner": 8, "outer": 16, "inner_heads": 2, "outer_heads": 4, "depth": 2}
    return TNT(**sizes, image=32, num_classes=5).eval()


def foreign():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = ViTConfig(**sizes, intermediate_size=32, image_size=32, patch_size=8, num_labels=5)
    return ViTForImageClassification(config).eval()


def logits(model, image=IMAGE):
    found = model(image)
    return found if isinstance(found, torch.Tensor) else found.logits


def stir(adapted):
    """Give what learns other weights than it starts from."""
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) / 4)
    return adapted


def snapshot(model):
    modules = {name: type(module) for name, module in model.named_modules()}
    hooks = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())
    learning = {name: p.requires_grad for name, p in model.named_parameters()}
    return modules, hooks, learning, {n: t.clone() for n, t in model.state_dict().items()}


@pytest.mark.parametrize("make", [vit, tnt, foreign])
@pytest.mark.parametrize("placement", ["parallel", "sequential"])
def test_fresh_adapters_change_nothing_trained_ones_do_and_detaching_restores(make, placement):
    model = make()
    next(model.parameters()).requires_grad_(False)  # what was frozen before stays so after
    before, expected = snapshot(model), logits(model)
    adapted = attach(model, Tuning(bottleneck=4, placement=placement))
    assert torch.equal(logits(adapted), expected)
    assert not torch.allclose(logits(stir(adapted)), expected, atol=1e-3)
    restored = adapted.detach()
    assert restored is model
    after = snapshot(model)
    assert after[:3] == before[:3]
    assert all(torch.equal(after[3][name], t) for name, t in before[3].items())
    assert torch.equal(logits(model), expected)


@pytest.mark.parametrize("options", [{"prompts": 2}, {"placement": "sequential"}, {}])
def test_an_attached_vit_is_an_adaptformer(options):
    adapted = stir(attach(vit(), Tuning(bottleneck=4, **options)))
    own = AdaptFormer(**SIZES, bottleneck=4, **options).eval()
    own.load_state_dict(adapted.model.state_dict())
    assert torch.equal(own(IMAGE), adapted(IMAGE))


def test_transformers_vit_adapts_as_ours_does():
    theirs = foreign()
    names = {
        "vit.embeddings.cls_token": "cls_token",
        "vit.embeddings.position_embeddings": "pos_embed",
        "vit.embeddings.patch_embeddings.projection": "patch_embed.proj",
        "vit.layers": "blocks",
        "vit.layernorm": "norm",
        "layernorm_before": "norm1",
        "layernorm_after": "norm2",
        "attention.o_proj": "attn.proj",
        "attention.": "attn.",
        "classifier": "head",
    }
    for tuning in ({"placement": "parallel"}, {"placement": "sequential"}, {"prompts": 2}):
        adapted = stir(attach(theirs, Tuning(bottleneck=4, **tuning)))
        weights = {}
        for name, tensor in theirs.state_dict().items():
            ours = name
            for a, b in names.items():
                ours = ours.replace(a, b)
            weights[ours] = tensor
        weights = AdaptFormer.convert(weights)
        own = AdaptFormer(**SIZES, mlp_ratio=2.0, bottleneck=4, **tuning).eval()
        for norm in own.modules():
            if isinstance(norm, torch.nn.LayerNorm):
                norm.eps = theirs.config.layer_norm_eps
        own.load_state_dict(weights)
        assert torch.allclose(own(IMAGE), logits(adapted), atol=1e-5)
        adapted.detach()


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("adventurer-tiny", 12),
        ("crossformer-t", 16),
        ("crossvit-9", 12),
        ("cswin-t", 25),
        ("duoformer-r18-2", 12),
        ("polytwins-svt-s", 18),
        ("polyvit-s-16", 12),
        ("resformer-t", 12),
        ("tnt-ti", 24),
        ("twins-pcpvt-s", 16),
        ("vit-b-32", 12),
    ],
)
def test_every_kind_of_vit_can_be_adapted(name, blocks):
    with torch.device("meta"):
        adapted = attach(tk.create(name), Tuning(bottleneck=1, placement="sequential"))
        assert len(adapted.sites) == blocks
        assert logits(adapted, torch.zeros(2, 3, 224, 224)).shape == (2, 1000)
        adapted.detach()


class Unusual(torch.nn.Module):
    """A block whose last module of a known name serves attention alone."""

    def __init__(self):
        super().__init__()
        self.norm2, self.mlp = torch.nn.LayerNorm(8), torch.nn.Linear(8, 8)
        self.drop_path = torch.nn.Identity()

    def forward(self, x):
        x = x + self.drop_path(x)
        return x + self.mlp(self.norm2(x))


def test_an_adapter_that_nothing_reaches_says_so():
    model = torch.nn.Sequential(Unusual())
    assert attach(model, Tuning(bottleneck=2))(torch.ones(1, 2, 8)).shape == (1, 2, 8)
    model = attach(torch.nn.Sequential(Unusual()), Tuning(bottleneck=2, placement="sequential"))
    with pytest.raises(tk.UsageError, match="cannot follow the perceptron of Unusual"):
        model(torch.ones(1, 2, 8))


def test_deep_copies_have_adapters_of_their_own():
    adapted = attach(vit(), Tuning(bottleneck=4, prompts=1))
    other = copy.deepcopy(adapted)
    before = adapted(IMAGE)
    assert not torch.allclose(stir(other)(IMAGE), before, atol=1e-3)
    assert torch.equal(adapted(IMAGE), before)


def test_only_what_was_attached_gets_gradients_and_it_is_under_two_percent_of_vit_b():
    adapted = attach(vit(), Tuning(bottleneck=4), num_classes=3).train()
    adapted(IMAGE).square().sum().backward()
    touched = {name for name, p in adapted.model.named_parameters() if p.grad is not None}
    assert touched == {n for n in adapted.model.state_dict() if "adaptmlp" in n or "head" in n}
    with torch.device("meta"):
        adapted = attach(tk.create("vit-b-16"), num_classes=100)
    assert adapted.learning == 1_189_632 + 76_900  # 1.26 million, as the paper counts
    assert adapted.share == pytest.approx(0.0145, abs=1e-4)


def test_adapters_learn_and_nothing_else_moves():
    model = vit()
    frozen = {name: t.clone() for name, t in model.state_dict().items()}
    adapted = attach(model, Tuning(bottleneck=4), num_classes=2, head_norm=True).train()
    optimizer = torch.optim.Adam([p for p in adapted.parameters() if p.requires_grad], lr=0.02)
    images, labels = torch.randn(8, 3, 32, 32), torch.arange(8) % 2
    losses = []
    for _ in range(25):
        loss = torch.nn.functional.cross_entropy(adapted(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2
    after = adapted.detach().state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in frozen.items())


def test_frozen_batch_norms_keep_their_statistics(tmp_path):
    model = vit()
    model.fc_norm = torch.nn.BatchNorm1d(16)
    base = copy.deepcopy(model)
    adapted = attach(model, Tuning(bottleneck=4), num_classes=2, head_norm=True).train()
    adapted(IMAGE)
    assert model.head[0].running_mean.abs().max() > 0
    assert model.fc_norm.running_mean.abs().max() == 0
    adapted.save_pretrained(tmp_path)
    assert torch.equal(load_adapter(base, tmp_path)(IMAGE), adapted.eval()(IMAGE))
    adapted.train()
    assert adapted.detach().fc_norm.training


@pytest.mark.parametrize("make", [vit, foreign])
def test_a_saved_adapter_is_small_and_comes_back_exactly(make, tmp_path):
    tuning = Tuning(bottleneck=2, adapter_norm="in", adapter_scale=None, prompts=1)
    adapted = stir(attach(make(), tuning, num_classes=3, head_norm=True))
    adapted.save_pretrained(tmp_path)
    names = load_file(tmp_path / "model.safetensors").keys()
    assert {n for n in names if n.startswith(("model.head.", "model.classifier."))}
    assert all(re.search(r"adaptmlp|prompts|^model\.(head|classifier)\.", name) for name in names)
    loaded = load_adapter(make(), tmp_path)
    assert torch.equal(logits(loaded), logits(adapted.eval()))
    assert loaded.options == adapted.options


def test_without_adapters_and_prompts_it_is_a_linear_probe():
    probe = attach(vit(), Tuning(bottleneck=0), num_classes=3)
    assert {n for n, p in probe.named_parameters() if p.requires_grad} == set(probe.state_dict())
    assert set(probe.state_dict()) == {"model.head.weight", "model.head.bias"}
    model = vit()
    model.head = torch.nn.Identity()
    with pytest.raises(tk.UsageError, match="nothing to train"):
        attach(model, Tuning(bottleneck=0))


def test_blocks_may_be_chosen():
    adapted = attach(tnt(), Tuning(bottleneck=4), blocks="blocks.*.outer")
    assert adapted.sites == {"blocks.0.outer": 16, "blocks.1.outer": 16}
    assert set(attach(tnt(), Tuning(bottleneck=4)).sites.values()) == {8, 16}


def test_what_the_wrapper_lacks_is_the_models(tmp_path):
    adapted = attach(vit(), Tuning(bottleneck=4))
    assert adapted.widths == [16] * 4
    assert [tuple(m.shape) for m in adapted.pyramid(IMAGE)] == [(2, 16, 4, 4)] * 4
    assert torch.equal(adapted.head(adapted.features(IMAGE)), adapted(IMAGE))
    with pytest.raises(AttributeError, match="no attribute 'surprise'"):
        _ = adapted.surprise
    adapted.detach()
    with pytest.raises(tk.UsageError, match="detached"):
        adapted(IMAGE)
    with pytest.raises(tk.UsageError, match="load_adapter"):
        type(adapted).from_pretrained(tmp_path)


def other_head():
    model = vit()
    model.head = torch.nn.Linear(16, 7)
    return model


def saved(tmp_path):
    attach(vit(), Tuning(bottleneck=4)).save_pretrained(tmp_path)
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: vit(depth=3), r"fits vision/vit with 2 blocks .* this model is .* 3 blocks"),
        (
            lambda: vit(dim=32),
            r"width \[16\]; this model is vision/vit with 2 blocks of width \[32\]",
        ),
        (tnt, r"fits vision/vit .* this model is vision/tnt"),
        (lambda: vit(mlp_ratio=2.0), "other weights of vision/vit"),
        (other_head, r"head\.weight \(5, 16\) for \(7, 16\)"),
    ],
)
def test_adapters_of_another_model_are_refused_and_leave_it_alone(model, message, tmp_path):
    path, model = saved(tmp_path), model()
    before = snapshot(model)
    with pytest.raises(tk.InputError, match=message):
        load_adapter(model, path)
    assert snapshot(model)[:3] == before[:3]


def test_other_weights_are_taken_on_demand(tmp_path):
    path, model = saved(tmp_path), vit()
    with torch.no_grad():
        model.cls_token.add_(1)
    with pytest.raises(tk.InputError, match="any_weights"):
        load_adapter(model, path)
    assert load_adapter(model, path, any_weights=True)(IMAGE).shape == (2, 5)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = saved(tmp_path)
    tensors = load_file(path)
    plain = tmp_path / "elsewhere" / "plain.safetensors"
    plain.parent.mkdir()
    save_file(tensors, plain)
    with pytest.raises(tk.InputError, match=r"no adapter file; tk\.load_checkpoint"):
        load_adapter(vit(), plain)
    with safe_open(path, "pt") as file:
        header = file.metadata()
    save_file({n: t for n, t in tensors.items() if "down" not in n}, path, metadata=header)
    with pytest.raises(tk.InputError, match=r"4 missing: model\.blocks\.0\.adaptmlp\.down_proj"):
        load_adapter(vit(), path)
    later = json.dumps({**json.loads(header["config"]), "adapter": 9})
    save_file(tensors, path, metadata={**header, "config": later})
    with pytest.raises(tk.InputError, match="format 9"):
        load_adapter(vit(), path)
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(tk.InputError, match="no whole safetensors file"):
        load_adapter(vit(), path)
    with pytest.raises(tk.InputError, match="not there"):
        load_adapter(vit(), tmp_path / "none")


def test_models_that_do_not_fit_are_refused_unchanged():
    with pytest.raises(tk.UsageError, match="no block like"):
        attach(MetaFormer(depths=[1] * 4, dims=[8] * 4, num_classes=5))
    with pytest.raises(tk.UsageError, match=r"no block like 'layers\.\*'"):
        attach(vit(), blocks="layers.*")
    model = vit()
    attach(model)
    with pytest.raises(tk.UsageError, match="already"):
        attach(model)
    model = vit()
    model.blocks[1].attn = torch.nn.Identity()
    with pytest.raises(tk.UsageError, match="prompts"):
        attach(model, Tuning(prompts=2))
    assert not model.blocks[0]._forward_hooks
    model.head = torch.nn.Sequential(model.head)
    with pytest.raises(tk.UsageError, match="Sequential head"):
        attach(model, num_classes=3)


class Bright:
    """Tell bright images from dark ones."""

    best, goal = "accuracy", "highest"

    def datasets(self, config):
        generator = torch.Generator().manual_seed(config.seed)
        images = torch.randn(32, 3, 32, 32, generator=generator)
        data = [{"image": x + (i % 2), "label": torch.tensor(i % 2)} for i, x in enumerate(images)]
        return Splits(train=data, validation=data)

    def loss(self, model, batch):
        logits = model(batch["image"])
        return torch.nn.functional.cross_entropy(logits, batch["label"]), {"logits": logits}

    def evaluate(self, model, data):
        with torch.no_grad():
            right = [int(model(d["image"][None]).argmax() == d["label"]) for d in data]
        return {"accuracy": sum(right) / len(right)}


def test_training_moves_and_saves_the_adapter_alone(tmp_path):
    model = vit()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    adapted = attach(model, Tuning(bottleneck=4), num_classes=2)
    config = tk.FitConfig(
        output=str(tmp_path), epochs=6, batch_size=8, learning_rate=0.01, ema=0.5, device="cpu"
    )
    fitted = tk.fit(Bright(), adapted, config)
    assert fitted.metrics["validation"]["accuracy"] > 0.9
    again = load_adapter(vit(), tmp_path)
    assert Bright().evaluate(again, Bright().datasets(config).validation) == {
        "accuracy": fitted.metrics["validation"]["accuracy"]
    }
    after = adapted.detach().state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())

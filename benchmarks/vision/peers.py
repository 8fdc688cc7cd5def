"""What our backbones are measured against, with the same weights where the system is the same."""

import re

import torch
from torch import nn
from transformers import (
    PoolFormerConfig,
    PoolFormerForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

import tk

HEAD = 64
"""Channels of a head of the yardstick."""

_POOLFORMER = (
    (r"^stem\.", "poolformer.encoder.patch_embeddings.0.projection."),
    (r"\.mlp\.fc([12])\.", r".output.conv\1."),
    (r"\.norm1\.", ".before_norm."),
    (r"\.norm2\.", ".after_norm."),
    (r"^head\.", "classifier."),
)

_VIT = (
    (r"^blocks\.(\d+)\.attn\.proj\.", r"vit.layers.\1.attention.o_proj."),
    (r"^blocks\.(\d+)\.norm1\.", r"vit.layers.\1.layernorm_before."),
    (r"^blocks\.(\d+)\.norm2\.", r"vit.layers.\1.layernorm_after."),
    (r"^blocks\.", "vit.layers."),
    (r"^norm\.", "vit.layernorm."),
    (r"^cls_token$", "vit.embeddings.cls_token"),
    (r"^pos_embed$", "vit.embeddings.position_embeddings"),
    (r"^patch_embed\.proj\.", "vit.embeddings.patch_embeddings.projection."),
    (r"^head\.", "classifier."),
)


class Logits(nn.Module):
    """A model of transformers that answers with logits alone, as ours do."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, image):
        return self.model(pixel_values=image).logits


def transformers_vit(ours):
    """Return transformers' ViT with the weights of ours; its attention is the fused one too."""
    options = ours.options
    config = ViTConfig(
        hidden_size=options["dim"],
        num_hidden_layers=options["depth"],
        num_attention_heads=options["heads"],
        intermediate_size=int(options["dim"] * options["mlp_ratio"]),
        image_size=options["image"],
        patch_size=options["patch"],
        layer_norm_eps=1e-6,
        num_labels=options["num_classes"],
    )
    made = ViTForImageClassification(config)
    found = {}
    for name, tensor in ours.state_dict().items():
        fused = re.match(r"blocks\.(\d+)\.attn\.qkv\.(\w+)", name)
        if fused:
            for part, piece in zip("qkv", tensor.chunk(3), strict=True):
                found[f"vit.layers.{fused[1]}.attention.{part}_proj.{fused[2]}"] = piece
            continue
        found[_renamed(name, _VIT)] = tensor
    made.load_state_dict(found)
    return Logits(made)


def transformers_poolformer(ours):
    """Return transformers' PoolFormer with the weights of ours."""
    options = ours.options
    config = PoolFormerConfig(
        depths=list(options["depths"]),
        hidden_sizes=list(options["dims"]),
        layer_scale_init_value=options["scale"],
        num_labels=options["num_classes"],
    )
    found = {}
    for name, tensor in ours.state_dict().items():
        renamed = name
        if place := re.match(r"network\.(\d+)\.(.*)", name):
            stage, odd = divmod(int(place[1]), 2)  # stages and what halves the map take turns
            start = "patch_embeddings" if odd else "block"
            rest = place[2].replace("proj.", "projection.") if odd else place[2]
            renamed = f"poolformer.encoder.{start}.{stage + odd}.{rest}"
        found[_renamed(renamed, _POOLFORMER)] = tensor
    made = PoolFormerForImageClassification(config)
    made.load_state_dict({k: v for k, v in found.items() if k in made.state_dict()})
    missing = made.state_dict().keys() - found.keys()
    assert not missing, missing
    return Logits(made)


def _renamed(name, pairs):
    for before, after in pairs:
        name = re.sub(before, after, name)
    return name


def yardstick(flops, image, count):
    """Return the plain ViT of 12 blocks and patch 16 whose cost lies nearest to `flops`."""
    patch, widths = (16 if image % 16 == 0 else 14), range(HEAD, 24 * HEAD, HEAD)

    def make(dim):
        options = {"dim": dim, "depth": 12, "heads": dim // HEAD, "patch": patch}
        return tk.create("vit-s-16", **{**options, "image": image // patch * patch})

    def cost(dim):
        with torch.device("meta"):
            return count(make(dim), image // patch * patch)

    return make(min(widths, key=lambda dim: abs(cost(dim) - flops)))

"""What the tensors of a PatchTSMixer show of its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from tk.nn import count

_LAYERS = "model.encoder.mlp_mixer_encoder.mixers"


def encoder_options(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Read the arguments that all classes of TSMixer share."""
    width, patch = tensors["model.encoder.patcher.weight"].shape
    first = f"{_LAYERS}.0"
    hidden = len(tensors[f"{first}.feature_mixer.mlp.fc1.bias"])
    options = {
        "patch": patch,
        "width": width,
        "layers": count(tensors, f"{_LAYERS}.*.feature_mixer.mlp.fc1.bias"),
        "expansion": hidden // width,
        "gated": f"{first}.feature_mixer.gating_block.attn_layer.bias" in tensors,
        "self_attention": f"{first}.patch_mixer.self_attn_layer.q_proj.weight" in tensors,
        "mode": "common_channel",
        "norm": "LayerNorm",
    }
    if f"{first}.feature_mixer.norm.norm.batchnorm.weight" in tensors:
        options["norm"] = "BatchNorm"
    mixer = f"{first}.channel_feature_mixer.mlp.fc2.bias"
    if mixer in tensors:
        options |= {"mode": "mix_channel", "channels": len(tensors[mixer])}
    return options

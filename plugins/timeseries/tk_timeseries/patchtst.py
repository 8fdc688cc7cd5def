"""PatchTST (arXiv:2211.14730): a transformer over equal patches, each series by itself.

The network is transformers' own, so its checkpoints load under their names; here are the authors'
sizes and the shapes that all our forecasters share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor
from transformers import PatchTSTConfig, PatchTSTForPrediction

from tk.errors import UsageError
from tk.nn import Model, Renames, Variants, count


class PatchTST(Model):
    """Forecast ``(B, H, C)`` from ``(B, L, C)``, both in the units of the input.

    Where transformers' defaults differ from the paper, the paper's are used: all patches' features
    go to the head, positions are learnt, norms follow the blocks' parts.

    Args:
        channels: Number of series C.
        heads: Attention heads.
        length: Look-back L.
        horizon: Steps ahead H.
        patch: Steps in a patch.
        stride: Steps from one patch to the next.
        width: Features of a patch.
        hidden: Units between a block's two linear maps.
        layers: Blocks.
        dropout: On attention, features and the head's input.
    """

    variants: ClassVar[Variants] = {
        "patchtst-small": {"width": 16, "heads": 4, "hidden": 128, "dropout": 0.3},
        "patchtst": {"width": 128, "heads": 16, "hidden": 256, "dropout": 0.2},
    }
    renames: ClassVar[Renames] = ((r"^(?!network\.)", "network."),)

    def __init__(
        self,
        *,
        channels: int,
        heads: int,
        length: int = 96,
        horizon: int = 96,
        patch: int = 16,
        stride: int = 8,
        width: int = 128,
        hidden: int = 256,
        layers: int = 3,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if patch > length:
            raise UsageError(f"patch is {patch}, longer than the look-back of {length}")
        if width % heads:
            raise UsageError(f"width {width} cannot be split into {heads} heads")
        config = PatchTSTConfig(
            num_input_channels=channels,
            context_length=length,
            prediction_length=horizon,
            patch_length=patch,
            patch_stride=stride,
            d_model=width,
            num_attention_heads=heads,
            num_hidden_layers=layers,
            ffn_dim=hidden,
            attention_dropout=dropout,
            ff_dropout=dropout,
            head_dropout=0.0,
            pre_norm=False,
            pooling_type=None,
            positional_encoding_type="random",
            scaling="std",
            loss="mse",
        )
        self.network = PatchTSTForPrediction(config)

    def forward(self, x: Tensor) -> Tensor:
        """Return forecasts of ``(B, L, C)``."""
        return self.network(past_values=x).prediction_outputs

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read sizes; not channels, look-back, stride and heads."""
        layers = "network.model.encoder.layers"
        hidden, width = tensors[f"{layers}.0.ff.0.weight"].shape
        embedding = "network.model.encoder.embedder.input_embedding.weight"
        return {
            "width": width,
            "hidden": hidden,
            "patch": tensors[embedding].shape[1],
            "layers": count(tensors, f"{layers}.*.ff.0.weight"),
            "horizon": len(tensors["network.head.projection.bias"]),
        }

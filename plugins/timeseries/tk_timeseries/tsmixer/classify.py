"""TSMixer for classifying whole series (arXiv:2306.09364, section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor
from transformers import PatchTSMixerConfig, PatchTSMixerForTimeSeriesClassification

from tk.nn import Model, Renames
from tk_timeseries.tsmixer.shapes import encoder_options


class TSMixerClassifier(Model):
    """Return logits ``(B, classes)`` of series ``(B, L, C)``.

    Args:
        classes: Number of classes.
        pooling: How patches become one: ``max_pool``, ``avg_pool``, ``use_last``; None takes all.
        channels: See `TSMixer`, as all that follow.
    """

    renames: ClassVar[Renames] = ((r"^(?!network\.)", "network."),)

    def __init__(
        self,
        *,
        channels: int,
        classes: int,
        pooling: str | None,
        length: int = 512,
        patch: int = 8,
        stride: int = 8,
        width: int = 32,
        layers: int = 8,
        expansion: int = 2,
        mode: str = "common_channel",
        gated: bool = True,
        self_attention: bool = False,
        heads: int = 1,
        norm: str = "LayerNorm",
        scaling: str | None = "std",
        dropout: float = 0.1,
        head_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.network = PatchTSMixerForTimeSeriesClassification(
            PatchTSMixerConfig(
                context_length=length,
                num_input_channels=channels,
                patch_length=patch,
                patch_stride=stride,
                d_model=width,
                num_layers=layers,
                expansion_factor=expansion,
                mode=mode,
                gated_attn=gated,
                self_attn=self_attention,
                self_attn_heads=heads,
                norm_mlp=norm,
                scaling=scaling,
                dropout=dropout,
                head_dropout=head_dropout,
                num_targets=classes,
                head_aggregation=pooling,
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x).prediction_outputs

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read sizes; not the look-back, the stride and how patches become one."""
        body = {name.removeprefix("network."): tensor for name, tensor in tensors.items()}
        return {**encoder_options(body), "classes": len(body["head.projection.bias"])}

"""TSMixer for forecasting (arXiv:2306.09364): MLPs across patches, features and channels.

The backbone is transformers' PatchTSMixer, so its checkpoints load under their own names; the
paper's reconciliation heads, which it lacks, are ours (`reconcile`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from torch import Tensor
from torch.nn import functional as F
from transformers import PatchTSMixerConfig, PatchTSMixerModel
from transformers.models.patchtsmixer.modeling_patchtsmixer import PatchTSMixerForPredictionHead

from tk.errors import UsageError
from tk.nn import Model, Variants
from tk_timeseries.tsmixer.reconcile import (
    ChannelReconciliation,
    HierarchyReconciliation,
    Reconciled,
)
from tk_timeseries.tsmixer.shapes import encoder_options

Mode = Literal["common_channel", "mix_channel"]


class TSMixer(Model):
    """Forecast ``(B, H, C)`` from ``(B, L, C)``, both in the units of the input.

    Args:
        channels: Number of series C.
        length: Look-back L.
        horizon: Steps ahead H.
        patch: Steps in a patch.
        stride: Steps from one patch to the next; the oldest steps that fill no patch are dropped.
        width: Features of a patch.
        layers: Mixer layers.
        expansion: Hidden width of every MLP, as a multiple of its input.
        mode: ``common_channel`` treats channels alike and apart; ``mix_channel`` mixes them too.
        gated: Gates after the MLPs.
        self_attention: Attention across patches beside the MLP.
        heads: Its heads.
        norm: ``LayerNorm`` or ``BatchNorm``.
        scaling: Each window by its own ``std`` or ``mean``; None leaves it as it is.
        dropout: In the MLPs.
        head_dropout: Before the head.
        reach: Steps w around each step that channel reconciliation looks at; 0 leaves it out.
        sum_patch: Steps in a patch of the hierarchy of sums; 0 leaves it out.
    """

    variants: ClassVar[Variants] = {
        "tsmixer-ci": {"mode": "common_channel"},
        "tsmixer-ic": {"mode": "mix_channel"},
        "tsmixer-cc": {"mode": "common_channel", "reach": 1},
        "tsmixer-ci-h": {"mode": "common_channel", "sum_patch": 16},
    }

    def __init__(
        self,
        *,
        channels: int,
        length: int = 512,
        horizon: int = 96,
        patch: int = 16,
        stride: int = 8,
        width: int = 32,
        layers: int = 8,
        expansion: int = 2,
        mode: Mode = "common_channel",
        gated: bool = True,
        self_attention: bool = False,
        heads: int = 1,
        norm: str = "LayerNorm",
        scaling: str | None = "std",
        dropout: float = 0.1,
        head_dropout: float = 0.1,
        reach: int = 0,
        sum_patch: int = 0,
    ) -> None:
        super().__init__()
        if patch > length:
            raise UsageError(f"patch is {patch}, longer than the look-back of {length}")
        config = PatchTSMixerConfig(
            context_length=length,
            prediction_length=horizon,
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
        )
        self.model = PatchTSMixerModel(config)
        self.head = PatchTSMixerForPredictionHead(config)
        self.channels = ChannelReconciliation(channels, reach) if reach else None
        hidden = config.num_patches * width
        self.hierarchy = HierarchyReconciliation(hidden, horizon, sum_patch) if sum_patch else None

    def forward(self, x: Tensor, observed: Tensor | None = None) -> Tensor:
        """Return forecasts.

        Args:
            x: Past values ``(B, L, C)``; what was not observed is 0.
            observed: ``(B, L, C)``, True where ``x`` was observed; None: everywhere.
        """
        scaled = self._scaled(x, observed)
        return scaled.forecast * scaled.scale + scaled.location

    def loss(self, x: Tensor, truth: Tensor, observed: Tensor | None = None) -> Tensor:
        """Return the mean squared error; with a hierarchy its own too, all in scaled units.

        Args:
            x: ``(B, L, C)``.
            truth: ``(B, H, C)``.
            observed: As for `forward`.
        """
        scaled = self._scaled(x, observed)
        if self.hierarchy is None or scaled.sums is None:
            return F.mse_loss(scaled.forecast * scaled.scale + scaled.location, truth)
        target = (truth - scaled.location) / scaled.scale
        found = Reconciled(scaled.forecast, scaled.sums)
        return F.mse_loss(scaled.forecast, target) + self.hierarchy.loss(found, target)

    def _scaled(self, x: Tensor, observed: Tensor | None) -> _Scaled:
        states = self.model(x, observed_mask=None if observed is None else observed.to(x.dtype))
        hidden, sums = states.last_hidden_state, None
        forecast = self.head(hidden)
        if self.channels is not None:
            forecast = self.channels(forecast)
        if self.hierarchy is not None:
            forecast, sums = self.hierarchy(hidden.flatten(2), forecast)
        return _Scaled(forecast, sums, states.loc, states.scale)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read sizes; neither look-back and stride nor, where channels are alike, their number."""
        return {**encoder_options(tensors), **_head_options(tensors)}


class _Scaled(NamedTuple):
    """A forecast before it gets its units back."""

    forecast: Tensor
    sums: Tensor | None
    location: Tensor
    scale: Tensor


def _head_options(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    options: dict[str, Any] = {"reach": 0}
    if "hierarchy.sums.weight" not in tensors:
        options["sum_patch"] = 0
    if "head.base_forecast_block.bias" in tensors:  # not where a pre-trained body is taken
        options["horizon"] = len(tensors["head.base_forecast_block.bias"])
    if "channels.revise.weight" in tensors:
        channels, context = tensors["channels.revise.weight"].shape
        options |= {"channels": channels, "reach": (context // channels - 1) // 2}
    return options

"""Masked pre-training of TSMixer (arXiv:2306.09364, section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import PatchTSMixerConfig, PatchTSMixerModel
from transformers.models.patchtsmixer.modeling_patchtsmixer import PatchTSMixerPretrainHead

from tk.errors import UsageError
from tk.nn import Model
from tk_timeseries.tsmixer.shapes import encoder_options


class Rebuilt(NamedTuple):
    """Patches in scaled units, all ``(B, C, P, patch)`` but the mask.

    Attributes:
        patches: What the model makes of the patches, hidden ones too.
        truth: What they are.
        hidden: Which were hidden from it, ``(B, C, P)`` bool.
    """

    patches: Tensor
    truth: Tensor
    hidden: Tensor

    def loss(self) -> Tensor:
        """Return the mean squared error over hidden patches; those in sight do not count."""
        each = (self.patches - self.truth).square().mean(-1)
        return (each * self.hidden).sum() / (self.hidden.sum() + 1e-10)


class TSMixerPretraining(Model):
    """Rebuild hidden patches of ``(B, L, C)``.

    Its body's tensors have the names that `TSMixer` gives them: load it there with
    ``architecture="timeseries/tsmixer", fresh=["head.*"]``.

    Args:
        share: Of patches that are hidden at random, 0..1, where `last` is 0.
        last: Hide this many patches at the end instead, as when forecasting.
        channels: See `TSMixer`, as all that follow.
    """

    def __init__(
        self,
        *,
        channels: int,
        share: float = 0.5,
        last: int = 0,
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
        if not 0 < share < 1:
            raise UsageError(f"share is {share}; it must lie between 0 and 1")
        config = PatchTSMixerConfig(
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
        )
        if last >= config.num_patches:
            raise UsageError(f"last is {last}; there are {config.num_patches} patches, keep one")
        self.share, self.last = share, last
        self.model = PatchTSMixerModel(config)
        self.head = PatchTSMixerPretrainHead(config)

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Rebuilt:
        """Rebuild.

        Args:
            x: ``(B, L, C)``.
            hidden: Patches to hide, ``(B, C, P)`` bool; None draws them.
        """
        scaled, _, _ = self.model.scaler(x, torch.ones_like(x))
        truth = self.model.patching(scaled)
        hidden = self.draw(truth) if hidden is None else hidden
        states = self.model.encoder(truth.masked_fill(hidden.unsqueeze(-1), 0.0))
        return Rebuilt(self.head(states.last_hidden_state), truth, hidden)

    def draw(self, patches: Tensor) -> Tensor:
        """Choose the patches to hide, the same for all channels of a row: ``(B, C, P)`` bool."""
        rows, channels, count, _ = patches.shape
        if self.last:
            chosen = torch.arange(count, device=patches.device) >= count - self.last
            return chosen.expand(rows, channels, -1)
        order = torch.rand(rows, 1, count, device=patches.device).argsort(-1).argsort(-1)
        return (order < max(int(self.share * count), 1)).expand(-1, channels, -1)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read sizes; not the look-back and the stride."""
        return encoder_options(tensors)

"""EntroPE: forecasting over patches that open where the series surprises.

arXiv:2509.26157. Channel independent: each channel of ``(B, L, C)`` is a sequence of one shared
model. Values become tokens (`tokeniser`), a frozen entropy model (`entropy`) says where to cut
(`patching`), tokens are gathered into patches by cross attention, a transformer works on the few
patches, and tokens read the result back.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tk_timeseries.entrope.blocks import CrossAttention, RotaryBlock
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.patching import Boundaries, Rule
from tk_timeseries.entrope.tokeniser import Tokeniser
from tk_timeseries.revin import RevIN


class Patched(NamedTuple):
    """What the frozen part makes of windows: all that the trained part sees of them.

    Attributes:
        ids: Tokens, ``(N, L)`` int64.
        patches: The patch of each token and of the value to come, ``(N, L + 1)`` int64.
    """

    ids: Tensor
    patches: Tensor


class PatchEncoder(nn.Module):
    """Tokens to token states ``(N, L, d)`` and patch states ``(N, P, d)``."""

    def __init__(self, vocabulary: int, width: int, heads: int, multiple: int, drop: float) -> None:
        super().__init__()
        self.tok_embeddings = nn.Embedding(vocabulary, width)
        self.drop = nn.Dropout(drop)
        self.layers = nn.ModuleList([RotaryBlock(width, heads, multiple)])
        self.cross_attn_layers = nn.ModuleList([CrossAttention(width, heads)])

    def forward(self, patched: Patched) -> tuple[Tensor, Tensor]:
        tokens = self.drop(self.tok_embeddings(patched.ids))
        for block in self.layers:
            tokens = block(tokens, is_causal=True)
        of_token = patched.patches[:, :-1]
        count = int(patched.patches.max()) + 1
        index = of_token.unsqueeze(-1).expand_as(tokens)
        patches = tokens.new_zeros(len(tokens), count, tokens.shape[-1]).scatter_reduce(
            1, index, tokens, "amax", include_self=False
        )
        number = torch.arange(count, device=tokens.device)
        sees = of_token[:, None, None, :] <= number[:, None]  # (N, 1, P, L)
        for cross in self.cross_attn_layers:
            patches = cross.attend(patches, tokens, sees)
        return tokens, patches


class GlobalTransformer(nn.Module):
    """Full attention among a row's patches ``(N, P, d)``, padded ones too unless masked."""

    def __init__(self, layers: int, width: int, heads: int, multiple: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(RotaryBlock(width, heads, multiple) for _ in range(layers))

    def forward(self, patches: Tensor, mask: Tensor | None) -> Tensor:
        for block in self.layers:
            patches = block(patches, mask=mask)
        return patches


class FusionDecoder(nn.Module):
    """Tokens read from the patches up to their own; ``(N, L, d)``."""

    def __init__(self, width: int, heads: int, multiple: int, drop: float) -> None:
        super().__init__()
        self.cross_attn_layers = nn.ModuleList([CrossAttention(width, heads)])
        self.layers = nn.ModuleList([RotaryBlock(width, heads, multiple)])
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.drop = nn.Dropout(drop)

    def forward(self, tokens: Tensor, patches: Tensor, of_token: Tensor) -> Tensor:
        number = torch.arange(patches.shape[1], device=tokens.device)
        sees = number <= of_token[:, None, :, None]  # (N, 1, L, P)
        for cross, block in zip(self.cross_attn_layers, self.layers, strict=True):
            tokens = block(cross.attend(tokens, patches, sees), is_causal=True)
        return self.drop(self.norm(tokens))


class Head(nn.Module):
    """Token states ``(N, L, d)`` to forecasts ``(N, H)``, one linear map for all or per channel."""

    def __init__(
        self, length: int, horizon: int, width: int, channels: int, drop: float, individual: bool
    ) -> None:
        super().__init__()
        self.channels = channels
        maps = [nn.Linear(width * length, horizon) for _ in range(channels if individual else 1)]
        self.linears = nn.ModuleList(maps)
        self.drop = nn.Dropout(drop)

    def forward(self, tokens: Tensor) -> Tensor:
        flat = tokens.transpose(1, 2).flatten(1)
        if len(self.linears) == 1:
            return self.drop(self.linears[0](flat))
        each = flat.unflatten(0, (-1, self.channels)).unbind(1)
        maps = zip(self.linears, each, strict=True)
        return self.drop(torch.stack([linear(x) for linear, x in maps], dim=1).flatten(0, 1))


class EntroPE(nn.Module):
    """Forecast ``(B, H, C)`` from ``(B, L, C)``, both in the units of the input.

    Args:
        channels: Number of series C.
        length: Look-back L.
        horizon: Steps ahead H.
        width: Channels d of token and patch states.
        heads: Attention heads.
        layers: Blocks of the global transformer.
        feed_forward: SwiGLU's hidden width is rounded up to a multiple of this.
        dropout: On token embeddings and decoder states.
        head_dropout: On the forecasts of the head.
        vocabulary: Token ids of the tokeniser and the entropy model.
        low: Centre of the lowest bin, see `Tokeniser`.
        high: Centre of the highest bin.
        rule: Where patches open, see `Boundaries`.
        quantile: See `Boundaries`.
        threshold: See `Boundaries`.
        increase: See `Boundaries`.
        max_patch: Longest patch.
        affine: RevIN learns a weight and bias per channel.
        subtract_last: RevIN takes the last value away in place of the mean.
        individual: One head per channel.
        sees_padding: Patches attend to the empty ones that pad a batch, as the published code does,
            so that a forecast depends on its batch; False makes it independent of it.
        tokenises_affine: Tokens come from values after RevIN's learned affine map, as in the
            published code. False takes those before it: tokens and entropies then never change
            while the model learns, and are computed once.
        reference_bfloat16: Bins and entropies in bfloat16, as the published code computes them.
    """

    def __init__(
        self,
        *,
        channels: int,
        length: int = 96,
        horizon: int = 96,
        width: int = 8,
        heads: int = 2,
        layers: int = 3,
        feed_forward: int = 256,
        dropout: float = 0.1,
        head_dropout: float = 0.1,
        vocabulary: int = 256,
        low: float = -2.5,
        high: float = 2.5,
        rule: Rule = "quantile",
        quantile: float = 0.95,
        threshold: float = 0.2,
        increase: float = 0.01,
        max_patch: int = 32,
        affine: bool = True,
        subtract_last: bool = False,
        individual: bool = False,
        sees_padding: bool = True,
        tokenises_affine: bool = True,
        reference_bfloat16: bool = False,
    ) -> None:
        super().__init__()
        self.channels, self.length, self.horizon = channels, length, horizon
        self.sees_padding, self.tokenises_affine = sees_padding, tokenises_affine
        self.is_bfloat16 = reference_bfloat16
        self.tokeniser = Tokeniser(vocabulary, low, high, reference_bfloat16)
        self.boundaries = Boundaries(rule, quantile, threshold, increase, max_patch)
        self.entropy_model = EntropyModel(vocabulary=vocabulary, length=length).requires_grad_(False)
        self.revin = RevIN(channels, affine=affine, subtract_last=subtract_last)
        self.patch_encoder = PatchEncoder(vocabulary, width, heads, feed_forward, dropout)
        self.global_transformer = GlobalTransformer(layers, width, heads, feed_forward)
        self.fusion_decoder = FusionDecoder(width, heads, feed_forward, dropout)
        self.head = Head(length, horizon, width, channels, head_dropout, individual)

    def forward(self, x: Tensor, patched: Patched | None = None) -> Tensor:
        """Return forecasts ``(B, H, C)``.

        Args:
            x: Past values ``(B, L, C)``.
            patched: Tokens and patches of ``x`` where they are known already (`tokenise`); rows are
                ``(B · C)``, channel fastest.
        """
        statistics = self.revin.statistics(x)
        patched = self.tokenise(x) if patched is None else patched
        tokens, patches = self.patch_encoder(patched)
        patches = self.global_transformer(patches, self._padding(patched))
        tokens = self.fusion_decoder(tokens, patches, patched.patches[:, :-1])
        y = self.head(tokens).unflatten(0, (-1, self.channels)).transpose(1, 2)
        return self.revin.inverse(y, statistics)

    @torch.no_grad()
    def tokenise(self, x: Tensor) -> Patched:
        """Return the tokens and patches of windows ``(B, L, C)``; nothing here is trained."""
        statistics = self.revin.statistics(x)
        z = self.revin(x, statistics) if self.tokenises_affine else statistics.normalise(x)
        ids = self.tokeniser.encode(z.transpose(1, 2).flatten(0, 1))
        return Patched(ids, self.boundaries.patch_ids(self.entropies(ids)))

    @torch.no_grad()
    def entropies(self, ids: Tensor) -> Tensor:
        """Return the entropy model's ``(N, L)`` nats for tokens ``(N, L)``."""
        dtype = torch.bfloat16 if self.is_bfloat16 else torch.float32
        return self.entropy_model.entropies(ids, dtype=dtype)

    def _padding(self, patched: Patched) -> Tensor | None:
        if self.sees_padding:
            return None
        patches = patched.patches
        count = int(patches.max()) + 1
        number = torch.arange(count, device=patches.device)
        return (number <= patches[:, -1:])[:, None, None, :]

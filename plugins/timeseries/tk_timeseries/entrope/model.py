"""EntroPE: forecasting over patches that open where the series surprises.

arXiv:2509.26157. Channel independent: each channel of ``(B, L, C)`` is a sequence of one shared
model. Values become tokens (`tokeniser`), a frozen entropy model (`entropy`) says where to cut
(`patching`), tokens are gathered into patches by cross attention, a transformer works on the few
patches, and tokens read the result back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from tk.errors import InputError, UsageError
from tk.nn import Model, Renames, Variants, count
from tk_timeseries.entrope.blocks import CrossAttention, RotaryBlock
from tk_timeseries.entrope.entropy import EntropyModel
from tk_timeseries.entrope.patching import Boundaries, Rule
from tk_timeseries.entrope.tokeniser import Tokeniser
from tk_timeseries.revin import RevIN

_ENTROPY_HEADS = 4


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

    def __init__(
        self, vocabulary: int, width: int, heads: int, hidden: int, *, drop: float
    ) -> None:
        super().__init__()
        self.tok_embeddings = nn.Embedding(vocabulary, width)
        self.drop = nn.Dropout(drop)
        self.layers = nn.ModuleList([RotaryBlock(width, heads, hidden)])
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
            patches = cross(patches, tokens, sees)
        return tokens, patches


class GlobalTransformer(nn.Module):
    """Full attention among a row's patches ``(N, P, d)``, padded ones too unless masked."""

    def __init__(self, layers: int, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(RotaryBlock(width, heads, hidden) for _ in range(layers))

    def forward(self, patches: Tensor, mask: Tensor | None) -> Tensor:
        for block in self.layers:
            patches = block(patches, mask=mask)
        return patches


class FusionDecoder(nn.Module):
    """Tokens read from the patches up to their own; ``(N, L, d)``."""

    def __init__(self, width: int, heads: int, hidden: int, *, drop: float) -> None:
        super().__init__()
        self.cross_attn_layers = nn.ModuleList([CrossAttention(width, heads)])
        self.layers = nn.ModuleList([RotaryBlock(width, heads, hidden)])
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.drop = nn.Dropout(drop)

    def forward(self, tokens: Tensor, patches: Tensor, of_token: Tensor) -> Tensor:
        number = torch.arange(patches.shape[1], device=tokens.device)
        sees = number <= of_token[:, None, :, None]  # (N, 1, L, P)
        for cross, block in zip(self.cross_attn_layers, self.layers, strict=True):
            tokens = block(cross(tokens, patches, sees), is_causal=True)
        return self.drop(self.norm(tokens))


class Head(nn.Module):
    """Token states ``(N, L, d)`` to forecasts ``(N, H)``, one linear map for all or per channel."""

    def __init__(self, flat: int, horizon: int, *, maps: int, drop: float) -> None:
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(flat, horizon) for _ in range(maps))
        self.drop = nn.Dropout(drop)

    def forward(self, tokens: Tensor) -> Tensor:
        flat = tokens.transpose(1, 2).flatten(1)
        if len(self.linears) == 1:
            return self.drop(self.linears[0](flat))
        each = flat.unflatten(0, (-1, len(self.linears))).unbind(1)
        maps = zip(self.linears, each, strict=True)
        return self.drop(torch.stack([linear(x) for linear, x in maps], dim=1).flatten(0, 1))


class EntroPE(Model):
    """Forecast ``(B, H, C)`` from ``(B, L, C)``, both in the units of the input.

    Args:
        channels: Number of series C.
        length: Look-back L.
        horizon: Steps ahead H.
        width: Channels d of token and patch states.
        heads: Attention heads.
        layers: Blocks of the global transformer.
        hidden: Units between the two linear maps of SwiGLU.
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
        has_entropy_model: False for the published forecasters, whose files lack it; then give
            ``patched``, or set ``entropy_model``.
    """

    variants: ClassVar[Variants] = {
        "entrope-etth1": {
            **{"channels": 7, "length": 96, "horizon": 96, "width": 8, "heads": 2, "layers": 3},
            **{"hidden": 256, "quantile": 0.95, "max_patch": 32, "vocabulary": 256},
            **{"low": -2.169745445251465, "high": 1.8946701288223267},
        },
        "entrope-etth2": {
            **{"channels": 7, "length": 96, "horizon": 96, "width": 16, "heads": 4, "layers": 2},
            **{"hidden": 256, "rule": "rise", "quantile": 0.85, "max_patch": 32},
            **{"dropout": 0.3, "head_dropout": 0.3, "vocabulary": 256},
            **{"low": -2.67563796043396, "high": 2.089655876159668},
        },
    }
    renames: ClassVar[Renames] = (
        (r"^entropy_model\.lm_head\.weight$", None),
        (r"^entropy_model\.transformer\.", "entropy_model."),
        (r"^model\.(backbone\.)?", ""),
        (r"^revin_layer\.", "revin."),
        (r"^head\.linear\.", "head.linears.0."),
    )

    def __init__(
        self,
        *,
        channels: int,
        low: float,
        high: float,
        heads: int,
        quantile: float,
        max_patch: int,
        length: int = 96,
        horizon: int = 96,
        width: int = 8,
        layers: int = 3,
        hidden: int = 256,
        dropout: float = 0.1,
        head_dropout: float = 0.1,
        vocabulary: int = 256,
        rule: Rule = "quantile",
        threshold: float = 0.2,
        increase: float = 0.01,
        affine: bool = True,
        subtract_last: bool = False,
        individual: bool = False,
        sees_padding: bool = True,
        tokenises_affine: bool = True,
        reference_bfloat16: bool = False,
        has_entropy_model: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.length, self.horizon = channels, length, horizon
        self.sees_padding, self.tokenises_affine = sees_padding, tokenises_affine
        self.is_bfloat16 = reference_bfloat16
        self.tokeniser = Tokeniser(vocabulary, low, high, reference_bfloat16)
        self.boundaries = Boundaries(rule, quantile, threshold, increase, max_patch)
        self.entropy_model: EntropyModel | None = None
        if has_entropy_model:
            frozen = EntropyModel(vocabulary=vocabulary, length=length, heads=_ENTROPY_HEADS)
            self.entropy_model = frozen.requires_grad_(False)
        self.revin = RevIN(channels, affine=affine, subtract_last=subtract_last)
        self.patch_encoder = PatchEncoder(vocabulary, width, heads, hidden, drop=dropout)
        self.global_transformer = GlobalTransformer(layers, width, heads, hidden)
        self.fusion_decoder = FusionDecoder(width, heads, hidden, drop=dropout)
        maps = channels if individual else 1
        self.head = Head(width * length, horizon, maps=maps, drop=head_dropout)

    def forward(self, x: Tensor, patched: Patched | None = None) -> Tensor:
        """Return forecasts ``(B, H, C)``.

        Args:
            x: Past values ``(B, L, C)``.
            patched: Tokens and patches of ``x`` where they are known already (`tokenise`); rows are
                ``(B · C)``, channel fastest.

        Raises:
            InputError: ``x`` has another length or number of channels, or a value is not finite.
        """
        self._check(x)
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
        """Return the entropy model's ``(N, L)`` nats for tokens ``(N, L)``.

        Raises:
            UsageError: There is no entropy model.
        """
        if self.entropy_model is None:
            raise UsageError(
                "this EntroPE has no entropy model: give patched=…, or set model.entropy_model"
            )
        dtype = torch.bfloat16 if self.is_bfloat16 else None
        return self.entropy_model.entropies(ids, dtype=dtype)

    def _check(self, x: Tensor) -> None:
        wanted = (self.length, self.channels)
        if x.shape[1:] != wanted:
            raise InputError(f"windows are {tuple(x.shape)}; this model takes (B, *{wanted})")
        if not torch.isfinite(x).all():
            raise InputError("a window holds values that are not finite; fill or drop them")

    def _padding(self, patched: Patched) -> Tensor | None:
        if self.sees_padding:
            return None
        patches = patched.patches
        count = int(patches.max()) + 1
        number = torch.arange(count, device=patches.device)
        return (number <= patches[:, -1:])[:, None, None, :]

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read what tensors show; not the heads, the value range and the rule of the boundaries."""
        vocabulary, width = tensors["patch_encoder.tok_embeddings.weight"].shape
        horizon, flat = tensors["head.linears.0.weight"].shape
        heads = count(tensors, "head.linears.*.weight")
        config = {
            "vocabulary": vocabulary,
            "width": width,
            "length": flat // width,
            "horizon": horizon,
            "layers": count(tensors, "global_transformer.layers.*.ffn_norm.weight"),
            "hidden": len(tensors["patch_encoder.layers.0.feed_forward.w1.weight"]),
            "individual": heads > 1,
            "affine": "revin.affine_weight" in tensors,
            "has_entropy_model": "entropy_model.wte.weight" in tensors,
        }
        if config["affine"]:
            config["channels"] = len(tensors["revin.affine_weight"])
        elif heads > 1:
            config["channels"] = heads
        return config

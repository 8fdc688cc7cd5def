"""DuoFormer's transformer: scales attend inside every region, then regions attend to each other.

Two wirings are published. In ``ends`` logits are scaled by twice the inverse root of the whole
width, and of the attentions among regions only the first and the last count: those between them
read the first one's output and theirs is lost. In ``chain`` logits are scaled as usual and each
attention reads what the one before returned. Regions have no residual, norm or perceptron.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tk.checkpoints.renaming import rename
from tk.errors import InputError, UsageError
from tk.nn import (
    DropPath,
    LayerScale,
    Mlp,
    Model,
    Renames,
    count,
    drop_rates,
    resize_positions,
)

WIRINGS = ("ends", "chain")
TOKENS = {2: 5, 3: 21, 4: 85}
"""Cells of a region, by scales."""


class ScaledAttention(nn.Module):
    """Self-attention with a scale of its own: ``(B, N, C)`` to the same."""

    def __init__(
        self, dim: int, heads: int, *, scale: float, bias: bool, norm: bool, dropout: float
    ) -> None:
        super().__init__()
        self.heads, self.scale = heads, scale
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)
        self.q_norm = nn.LayerNorm(dim // heads) if norm else nn.Identity()
        self.k_norm = nn.LayerNorm(dim // heads) if norm else nn.Identity()
        self.proj = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(
            self.q_norm(query), self.k_norm(key), value, scale=self.scale
        )
        return self.dropout(self.proj(mixed.transpose(1, 2).flatten(2)))


class ScaleBlock(nn.Module):
    """Pre-norm attention and perceptron among the tokens of one region."""

    def __init__(
        self, dim: int, attention: ScaledAttention, mlp: Mlp, *, initial: float | None, rate: float
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = attention
        self.ls1 = nn.Identity() if initial is None else LayerScale(dim, initial=initial)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = mlp
        self.ls2 = nn.Identity() if initial is None else LayerScale(dim, initial=initial)
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.ls1(self.attn(self.norm1(x))))
        return x + self.drop_path(self.ls2(self.mlp(self.norm2(x))))


class ScaleRegionTransformer(Model):
    """Classify tokens ``(B, regions, 1 + T, C)``: of each region, one for all scales and T cells.

    Args:
        dim: Channels C of a token.
        depth: Blocks among scales; in ``chain`` also attentions among regions.
        heads: Heads of every attention.
        scales: Maps whose cells a region has, 2 to 4: T is 5, 21 or 85.
        wiring: ``ends`` or ``chain``.
        regions: Regions that positions are learned for, a square number where grids may differ.
        mlp_ratio: Hidden width over width.
        qkv_bias: Biases for queries, keys and values.
        layer_scale: A learned factor for each channel of the residual branches.
        initial: What these factors start from.
        qk_norm: Norm queries and keys, among scales and among regions; for ``chain``.
        num_classes: Classes.
        dropout: After every linear map that ends a branch, and inside the perceptron.
        drop_path: Stochastic depth of the last block among scales, linear from 0.
    """

    # In `ends` a stem that nothing reads comes along; in `chain` a norm whose result is dropped.
    renames: ClassVar[Renames] = (
        (r"^(patch_embed|fc_norm)\.", None),
        (r"^blocks\.(\d+)\.attn\.(qkv|proj)1\.", r"scale_blocks.\1.attn.\2."),
        (r"^blocks\.(\d+)\.(norm1|norm2|mlp|ls1|ls2)\.", r"scale_blocks.\1.\2."),
        (r"^scaleBlocks\.", "scale_blocks."),
        (r"^blocks\.(\d+)\.attn\.", r"region_blocks.\1."),
    )
    no_decay: ClassVar[Sequence[str]] = ("cls_token", "pos_embed*")

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        heads: int,
        scales: int,
        wiring: str = "ends",
        regions: int = 49,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        layer_scale: bool = False,
        initial: float = 1e-5,
        qk_norm: Sequence[bool] = (False, False),
        num_classes: int = 1000,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        _check(depth, scales, wiring, qk_norm)
        is_chain = wiring == "chain"
        scale = (dim // heads) ** -0.5 if is_chain else 2 * dim**-0.5

        def attention(norm: bool) -> ScaledAttention:
            return ScaledAttention(
                dim, heads, scale=scale, bias=qkv_bias, norm=norm, dropout=dropout
            )

        self.pos_embed_for_scale = nn.Parameter(torch.zeros(1, 1, 1 + TOKENS[scales], dim))
        self.scale_blocks = nn.ModuleList(
            ScaleBlock(
                dim,
                attention(qk_norm[0]),
                Mlp(dim, int(dim * mlp_ratio), dropout=dropout),
                initial=initial if layer_scale else None,
                rate=rate,
            )
            for rate in drop_rates(drop_path, depth)
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + regions, dim))
        self.region_blocks = nn.ModuleList(
            attention(qk_norm[1]) for _ in range(depth if is_chain else 2)
        )
        self.norm = nn.Identity() if is_chain else nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, num_classes)
        self._start()

    def _start(self) -> None:
        """Draw the first weights as the reference does."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for table in (self.pos_embed, self.pos_embed_for_scale):
            nn.init.trunc_normal_(table, std=0.036)
        nn.init.normal_(self.cls_token, std=0.036)

    def attend_scales(self, tokens: Tensor) -> Tensor:
        """Let the tokens of each region attend to one another, ``(B, regions, 1 + T, C)``."""
        x = (tokens + self.pos_embed_for_scale).flatten(0, 1)
        for block in self.scale_blocks:
            x = block(x)
        return x.unflatten(0, tokens.shape[:2])

    def attend_regions(self, tokens: Tensor, grid: tuple[int, int] | None = None) -> Tensor:
        """Let regions attend to one another; return the class token, ``(B, C)``.

        Args:
            tokens: Of each region its token of all scales, ``(B, regions, C)``.
            grid: Rows and columns of regions; positions of another grid are stretched to it.
        """
        positions = self.pos_embed if grid is None else resize_positions(self.pos_embed, grid)
        x = torch.cat([self.cls_token.expand(len(tokens), -1, -1), tokens], dim=1) + positions
        for block in self.region_blocks:
            x = block(x)
        return self.norm(x[:, 0])

    def features(self, tokens: Tensor) -> Tensor:
        """Return the class token's last state, ``(B, C)``.

        Raises:
            InputError: There are other regions or tokens.
        """
        shape = (self.pos_embed.shape[1] - 1, *self.pos_embed_for_scale.shape[2:])
        if tokens.shape[1:] != shape:
            wanted = f"(B, {', '.join(map(str, shape))})"
            raise InputError(f"tokens are {tuple(tokens.shape)}; this model takes {wanted}")
        return self.attend_regions(self.attend_scales(tokens)[:, :, 0])

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits ``(B, classes)``. Raises as `features`."""
        return self.head(self.features(tokens))

    @classmethod
    def convert(cls, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename, and keep of the attentions among regions those that count."""
        is_chain = not any(".attn.qkv1." in name for name in tensors)
        if is_chain:
            return rename(tensors, cls.renames)
        depth = count(tensors, "blocks.*.norm1.weight")
        unread = "|".join(map(str, range(1, depth - 1))) or "-"
        # Norms of queries and keys come with any attention dropout, and this wiring reads none.
        ends: Renames = (
            (r"^blocks\.\d+\.attn\.[qk]_norm\.", None),
            *cls.renames,
            (rf"^region_blocks\.({unread})\.", None),
            (rf"^region_blocks\.{depth - 1}\.", "region_blocks.1."),
        )
        return rename(tensors, ends)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the heads."""
        cells, dim = tensors["pos_embed_for_scale"].shape[2:]
        parts = ("scale_blocks.0.attn", "region_blocks.0")
        scales = {number: scale for scale, number in TOKENS.items()}
        return {
            "dim": dim,
            "depth": count(tensors, "scale_blocks.*.norm1.weight"),
            "scales": scales[cells - 1],
            "wiring": "ends" if "norm.weight" in tensors else "chain",
            "regions": tensors["pos_embed"].shape[1] - 1,
            "mlp_ratio": len(tensors["scale_blocks.0.mlp.fc1.bias"]) / dim,
            "qkv_bias": "scale_blocks.0.attn.qkv.bias" in tensors,
            "layer_scale": "scale_blocks.0.ls1.gamma" in tensors,
            "qk_norm": [f"{part}.q_norm.weight" in tensors for part in parts],
            "num_classes": len(tensors["head.bias"]),
        }


def _check(depth: int, scales: int, wiring: str, qk_norm: Sequence[bool]) -> None:
    if scales not in TOKENS:
        raise UsageError(f"scales is {scales}; it must be 2, 3 or 4")
    if wiring not in WIRINGS:
        raise UsageError(f"wiring {wiring!r} is none of {', '.join(WIRINGS)}")
    least = 1 if wiring == "chain" else 2
    if depth < least:
        raise UsageError(f"depth is {depth}; wiring {wiring!r} needs {least} or more")
    if len(qk_norm) != 2:
        raise UsageError(f"qk_norm is {list(qk_norm)}; give two: among scales, among regions")
    if any(qk_norm) and wiring == "ends":
        raise UsageError("qk_norm is for wiring 'chain'; 'ends' norms no queries and keys")

"""Transformer in transformer (arXiv:2103.00112): words inside every patch, sentences of patches.

A small transformer mixes the words of one patch, a larger one the patches; after each block the
words of a patch are added to it (eq. 2 to 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tk.errors import InputError, UsageError
from tk.nn import DropPath, Mlp, Model, Renames, Variants, count, drop_rates, taps, tokens_to_map


class Attention(nn.Module):
    """Self-attention whose values have a map of their own: ``(B, N, C)`` to the same."""

    def __init__(self, dim: int, heads: int, bias: bool) -> None:
        super().__init__()
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        self.heads = heads
        self.qk = nn.Linear(dim, 2 * dim, bias=bias)
        self.v = nn.Linear(dim, dim, bias=bias)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        query, key = self.qk(x).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        value = self.v(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        mixed = scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class Level(nn.Module):
    """One transformer block, of words or of sentences: ``(B, N, C)`` to the same."""

    def __init__(self, dim: int, heads: int, *, mlp_ratio: float, bias: bool, rate: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads, bias)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class Fusion(nn.Module):
    """The words of each patch as one vector: ``(B · N, m, c)`` to ``(B, N, d)``."""

    def __init__(self, words: int, inner: int, outer: int, *, bias: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(words * inner)
        self.proj = nn.Linear(words * inner, outer, bias=bias)
        self.norm2 = nn.LayerNorm(outer)

    def forward(self, words: Tensor, batch: int) -> Tensor:
        joined = words.flatten(1).unflatten(0, (batch, -1))
        return self.norm2(self.proj(self.norm1(joined)))


class Block(nn.Module):
    """Words, their fusion into sentences, sentences; the class token gets no words."""

    def __init__(self, inner: Level, fusion: Fusion, outer: Level) -> None:
        super().__init__()
        self.inner, self.fusion, self.outer = inner, fusion, outer

    def forward(self, words: Tensor, sentences: Tensor) -> tuple[Tensor, Tensor]:
        words = self.inner(words)
        fused = sentences[:, 1:] + self.fusion(words, len(sentences))
        return words, self.outer(torch.cat([sentences[:, :1], fused], dim=1))


class TNT(Model):
    """Classify square images of one size by a class token.

    The published weights want values from -1 to 1 (mean and deviation 0.5).

    Args:
        inner: Channels c of a word.
        outer: Channels d of a sentence.
        inner_heads: Heads among words.
        outer_heads: Heads among sentences.
        depth: Blocks.
        image: Side of the image.
        patch: Side of a patch.
        stride: Steps between words inside a patch.
        channels: Channels of the image.
        mlp_ratio: Hidden width over width, for both levels.
        qkv_bias: Biases for queries, keys and values.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        "tnt-mini": {  # ours, for pictures of 32 to 96 pixels and a few of them; not the paper's
            **{"inner": 16, "outer": 128, "inner_heads": 2, "outer_heads": 4},
            **{"depth": 6, "image": 32, "patch": 8, "stride": 2},
        },
        "tnt-ti": {"inner": 12, "outer": 192, "inner_heads": 2, "outer_heads": 3},
        "tnt-s": {"inner": 24, "outer": 384, "inner_heads": 4, "outer_heads": 6},
        "tnt-b": {"inner": 40, "outer": 640, "inner_heads": 4, "outer_heads": 10},
    }
    renames: ClassVar[Renames] = (
        (r"^outer_tokens$", None),  # frozen zeros that nothing reads
        (r"^patch_embed\.proj\.", "embed."),
        (r"\.(inner|outer)_(norm1|norm2|attn|mlp)\.", r".\1.\2."),
        (r"^proj_(norm[12])\.", r"fusion.\1."),
        (r"^proj\.", "fusion.proj."),
        (r"^(blocks\.\d+)\.proj_(norm[12])\.", r"\1.fusion.\2."),
        (r"^(blocks\.\d+)\.proj\.", r"\1.fusion.proj."),
    )

    def __init__(
        self,
        *,
        inner: int,
        outer: int,
        inner_heads: int,
        outer_heads: int,
        depth: int = 12,
        image: int = 224,
        patch: int = 16,
        stride: int = 4,
        channels: int = 3,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = False,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if image % patch:
            raise UsageError(f"image {image} is no multiple of patch {patch}")
        self.image, self.patch = image, patch
        sentences, words = (image // patch) ** 2, (-(-patch // stride)) ** 2
        self.embed = nn.Conv2d(channels, inner, 7, stride, 3)
        self.inner_pos = nn.Parameter(torch.zeros(1, words, inner))
        self.fusion = Fusion(words, inner, outer, bias=True)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, outer))
        self.outer_pos = nn.Parameter(torch.zeros(1, 1 + sentences, outer))
        shape: dict[str, Any] = {"mlp_ratio": mlp_ratio, "bias": qkv_bias}
        self.blocks = nn.ModuleList(
            Block(
                Level(inner, inner_heads, rate=rate, **shape),
                Fusion(words, inner, outer, bias=False),
                Level(outer, outer_heads, rate=rate, **shape),
            )
            for rate in drop_rates(drop_path, depth)
        )
        self.norm = nn.LayerNorm(outer)
        self.head = nn.Linear(outer, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for table in (self.cls_token, self.inner_pos, self.outer_pos):
            nn.init.trunc_normal_(table, std=0.02)

    def words(self, image: Tensor) -> Tensor:
        """Return the words of every patch, ``(B · N, m, c)``; none sees another patch."""
        batch, channels = image.shape[:2]
        if image.shape[2:] != (self.image, self.image):
            shape = tuple(image.shape)
            raise InputError(f"images are {shape}; this model takes (B, C, {self.image} × 2)")
        side = self.image // self.patch
        tiles = image.reshape(batch, channels, side, self.patch, side, self.patch)
        tiles = tiles.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)
        return self.embed(tiles).flatten(2).transpose(1, 2)

    @property
    def strides(self) -> list[int]:
        """Pixels to a cell of each map of `pyramid`: a patch."""
        return [self.patch] * 4

    @property
    def widths(self) -> list[int]:
        """Channels of each map of `pyramid`."""
        return [self.outer_pos.shape[2]] * 4

    def states(self, image: Tensor) -> Iterator[Tensor]:
        """Yield the sentences after each block, ``(B, 1 + N, d)``, the class token first."""
        words = self.words(image) + self.inner_pos
        sentences = self.fusion(words, len(image))
        cls_token = self.cls_token.expand(len(image), -1, -1)
        sentences = torch.cat([cls_token, sentences], dim=1) + self.outer_pos
        for block in self.blocks:
            words, sentences = block(words, sentences)
            yield sentences

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the sentences after each quarter of the blocks, ``(B, d, S / p, S / p)``."""
        side = self.image // self.patch
        states = list(self.states(image))
        chosen = [states[number - 1] for number in taps(len(self.blocks))]
        return [tokens_to_map(state[:, 1:], (side, side)) for state in chosen]

    def features(self, image: Tensor) -> Tensor:
        """Return the class token's last state, ``(B, d)``."""
        for last in self.states(image):
            sentences = last
        return self.norm(sentences)[:, 0]

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, S, S)``.

        Raises:
            InputError: The images have another size.
        """
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the heads and how an image is cut."""
        inner, outer = tensors["inner_pos"].shape[2], tensors["outer_pos"].shape[2]
        return {
            "inner": inner,
            "outer": outer,
            "depth": count(tensors, "blocks.*.fusion.proj.weight"),
            "channels": tensors["embed.weight"].shape[1],
            "mlp_ratio": len(tensors["blocks.0.outer.mlp.fc1.bias"]) / outer,
            "qkv_bias": "blocks.0.outer.attn.v.bias" in tensors,
            "num_classes": len(tensors["head.bias"]),
        }

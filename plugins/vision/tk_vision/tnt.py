"""Transformer in transformer (arXiv:2103.00112): words inside every patch, sentences of patches.

A small transformer mixes the words of one patch, a larger one the patches; after each block the
words of a patch are added to it (eq. 2 to 5).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tk.errors import InputError, UsageError
from tk.nn import Model, Renames, Variants, count, drop_rates, resize_positions, taps, tokens_to_map
from tk_vision.tnt_blocks import Block, Fusion, Level


class TNT(Model):
    """Classify images whose sides are multiples of the patch by a class token.

    Positions are learned for one size and stretched to others, bicubically. The published weights
    want values from -1 to 1 (mean and deviation 0.5).

    Args:
        inner: Channels c of a word.
        outer: Channels d of a sentence.
        inner_heads: Heads among words.
        outer_heads: Heads among sentences.
        depth: Blocks.
        image: Side of the image that positions are learned for, or height and width.
        patch: Side of a patch.
        stride: Steps between words inside a patch.
        channels: Channels of the image.
        mlp_ratio: Hidden width over width, for both levels.
        qkv_bias: Biases for queries, keys and values.
        gated: A gate on what the perceptron of sentences says (squeeze and excitation).
        num_classes: Classes.
        dropout: Of sentences, and after every linear map that ends a branch or is inside it.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    no_decay: ClassVar[Sequence[str]] = ("cls_token", "inner_pos", "outer_pos")
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
        # timm's names
        (r"^pixel_embed\.", "patch_embed."),
        (r"^pixel_pos$", "inner_pos"),
        (r"^patch_pos$", "outer_pos"),
        (r"(^|\.)norm([12])_proj\.", r"\1proj_norm\2."),
        (r"\.norm_in\.", ".inner.norm1."),
        (r"\.attn_in\.", ".inner.attn."),
        (r"\.norm_mlp_in\.", ".inner.norm2."),
        (r"\.mlp_in\.", ".inner.mlp."),
        (r"\.norm_out\.", ".outer.norm1."),
        (r"\.attn_out\.", ".outer.attn."),
        (r"\.norm_mlp\.", ".outer.norm2."),
        (r"^(blocks\.\d+)\.mlp\.", r"\1.outer.mlp."),
        # the authors'
        (r"^outer_tokens$", None),  # frozen zeros that nothing reads
        (r"^patch_embed\.proj\.", "embed."),
        (r"\.(inner|outer)_(norm1|norm2|attn|mlp)\.", r".\1.\2."),
        (r"\.se_layer\.fc\.", ".outer.gate."),
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
        image: int | Sequence[int] = 224,
        patch: int = 16,
        stride: int = 4,
        channels: int = 3,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = False,
        gated: bool = False,
        num_classes: int = 1000,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        height, width = (image, image) if isinstance(image, int) else image
        if height % patch or width % patch:
            raise UsageError(f"image {image} is no multiple of patch {patch}")
        self.patch, self.channels = patch, channels
        self.learned = (height // patch, width // patch)
        self.strides, self.widths = [patch] * 4, [outer] * 4
        words = (-(-patch // stride)) ** 2
        self.embed = nn.Conv2d(channels, inner, 7, stride, 3)
        self.inner_pos = nn.Parameter(torch.zeros(1, words, inner))
        self.fusion = Fusion(words, inner, outer, bias=True)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, outer))
        self.outer_pos = nn.Parameter(torch.zeros(1, 1 + math.prod(self.learned), outer))
        self.dropout = nn.Dropout(dropout)
        shape: dict[str, Any] = {"mlp_ratio": mlp_ratio, "bias": qkv_bias, "dropout": dropout}
        self.blocks = nn.ModuleList(
            Block(
                Level(inner, inner_heads, rate=rate, **shape),
                Fusion(words, inner, outer, bias=False),
                Level(outer, outer_heads, rate=rate, gated=gated, **shape),
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
        """Return the words of every patch, ``(B · N, m, c)``; none sees another patch.

        Raises:
            InputError: These are no images, they have other channels, or a side is no multiple of
                the patch.
        """
        patch = self.patch
        is_cut = image.ndim == 4 and not (image.shape[2] % patch or image.shape[3] % patch)
        if not is_cut or image.shape[1] != self.channels:
            raise InputError(
                f"images are {tuple(image.shape)}; this model takes (B, {self.channels}, H, W) "
                f"with H and W multiples of {patch}"
            )
        tiles = image.unflatten(3, (-1, patch)).unflatten(2, (-1, patch))
        tiles = tiles.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)
        return self.embed(tiles).flatten(2).transpose(1, 2)

    def states(self, image: Tensor) -> Iterator[Tensor]:
        """Yield the sentences after every block, class token first, ``(B, 1 + N, d)``."""
        words = self.words(image) + self.inner_pos
        sentences = self.fusion(words, len(image))
        cls_token = self.cls_token.expand(len(image), -1, -1)
        positions = resize_positions(self.outer_pos, self._grid(image), own=self.learned)
        sentences = self.dropout(torch.cat([cls_token, sentences], dim=1) + positions)
        for block in self.blocks:
            words, sentences = block(words, sentences)
            yield sentences

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return sentences after four evenly spaced blocks, ``(B, d, H / patch, W / patch)``.

        Raises as `words`.
        """
        states, grid = list(self.states(image)), self._grid(image)
        return [tokens_to_map(states[n - 1][:, 1:], grid) for n in taps(len(self.blocks))]

    def features(self, image: Tensor) -> Tensor:
        """Return the class token's last state, ``(B, d)``. Raises as `words`."""
        for last in self.states(image):
            sentences = last
        return self.norm(sentences)[:, 0]

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, H, W)``. Raises as `words`."""
        return self.head(self.features(image))

    def _grid(self, image: Tensor) -> tuple[int, int]:
        return image.shape[2] // self.patch, image.shape[3] // self.patch

    @classmethod
    def convert(cls, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename, and bring timm's map of word positions ``(1, c, √m, √m)`` into a row."""
        renamed = super().convert(tensors)
        positions = renamed.get("inner_pos")
        if positions is not None and positions.ndim == 4:
            renamed["inner_pos"] = positions.flatten(2).transpose(1, 2)
        return renamed

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
            "gated": "blocks.0.outer.gate.0.weight" in tensors,
            "num_classes": len(tensors["head.bias"]),
        }

"""The plain vision transformer (arXiv:2010.11929), as DeiT, MAE and timm build and name it.

Pre-norm blocks over the tokens of square patches, a learned position for each, and a head on the
class token or on the mean of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tk.errors import UsageError
from tk.nn import (
    Attention,
    DropPath,
    Mlp,
    Model,
    PatchEmbed,
    Renames,
    Variants,
    count,
    drop_rates,
    resize_positions,
    taps,
    tokens_to_map,
)

POOLS = ("cls", "mean")
EPS = 1e-6


class Block(nn.Module):
    """Pre-norm attention and perceptron (eq. 2 and 3): ``(B, N, C)`` to the same."""

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=EPS)
        self.attn: nn.Module = Attention(dim, heads=heads, qkv_bias=qkv_bias)
        self.norm2 = nn.LayerNorm(dim, eps=EPS)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class ViT(Model):
    """Classify images whose sides are multiples of the patch.

    Positions are learned for one size and stretched to others, bicubically.

    Args:
        dim: Channels C of a token.
        depth: Blocks.
        heads: Heads of attention.
        image: Side of the image that positions are learned for.
        patch: Side of a patch.
        channels: Channels of the image.
        mlp_ratio: Hidden width over width.
        qkv_bias: Biases for queries, keys and values.
        class_token: A token of its own that the head may read.
        pool: What the head reads: ``cls``, the class token, or ``mean``, that of the patches.
        fc_norm: Normalise after pooling instead of before.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    no_decay: ClassVar[Sequence[str]] = ("cls_token", "pos_embed")
    variants: ClassVar[Variants] = {
        f"vit-{size}-{patch}": {"dim": dim, "depth": depth, "heads": heads, "patch": patch}
        for size, dim, depth, heads, patches in (
            ("ti", 192, 12, 3, (16,)),
            ("s", 384, 12, 6, (8, 16, 32)),
            ("b", 768, 12, 12, (8, 16, 32)),
            ("l", 1024, 24, 16, (16, 32)),
            ("h", 1280, 32, 16, (14,)),
        )
        for patch in patches
    }
    # MAE publishes its encoder together with what only pre-training needs.
    renames: ClassVar[Renames] = ((r"^(decoder_|mask_token$)", None),)

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        heads: int,
        image: int = 224,
        patch: int = 16,
        channels: int = 3,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        class_token: bool = True,
        pool: str = "cls",
        fc_norm: bool = False,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        _check(image, patch, class_token, pool)
        self.patch, self.pool, self.prefix = patch, pool, int(class_token)
        self.patch_embed = PatchEmbed(patch, dim, channels=channels)
        if class_token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        places = self.prefix + (image // patch) ** 2
        self.pos_embed = nn.Parameter(torch.zeros(1, places, dim))
        self.blocks = nn.ModuleList(
            Block(dim, heads, mlp_ratio=mlp_ratio, qkv_bias=qkv_bias, drop_path=rate)
            for rate in drop_rates(drop_path, depth)
        )
        self.norm = nn.Identity() if fc_norm else nn.LayerNorm(dim, eps=EPS)
        self.fc_norm = nn.LayerNorm(dim, eps=EPS) if fc_norm else nn.Identity()
        self.head: nn.Module = nn.Linear(dim, num_classes)
        self.strides, self.widths = [patch] * 4, [dim] * 4
        self._start()

    def _start(self) -> None:
        """Draw the first weights as DeiT does."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        if self.prefix:
            nn.init.trunc_normal_(self.cls_token, std=0.02)

    def embed(self, image: Tensor) -> Tensor:
        """Return what the first block reads, ``(B, prefix + N, C)``: tokens with positions."""
        x = self.patch_embed(image)
        if self.prefix:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        return x + resize_positions(self.pos_embed, self.grid(image), prefix=self.prefix)

    def grid(self, image: Tensor) -> tuple[int, int]:
        """Return the rows and columns of patches of an image."""
        height, width = image.shape[-2:]
        return height // self.patch, width // self.patch

    def states(self, image: Tensor) -> list[Tensor]:
        """Return the tokens after every block, ``(B, prefix + N, C)``."""
        x, found = self.embed(image), []
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return found

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the maps after four evenly spaced blocks, ``(B, C, H / patch, W / patch)``.

        Raises:
            InputError: A side is no multiple of the patch.
        """
        states, grid = self.states(image), self.grid(image)
        chosen = [states[number - 1] for number in taps(len(self.blocks))]
        return [tokens_to_map(state[:, self.prefix :], grid) for state in chosen]

    def features(self, image: Tensor) -> Tensor:
        """Return what the head reads, ``(B, C)``. Raises as `pyramid`."""
        x = self.embed(image)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        pooled = x[:, 0] if self.pool == "cls" else x[:, self.prefix :].mean(1)
        return self.fc_norm(pooled)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, H, W)``. Raises as `pyramid`."""
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the heads; a class token without ``fc_norm`` is taken to be the pooled."""
        dim, channels, patch, _ = tensors["patch_embed.proj.weight"].shape
        has_token, has_fc_norm = "cls_token" in tensors, "fc_norm.weight" in tensors
        cells = tensors["pos_embed"].shape[1] - has_token
        found = {
            "dim": dim,
            "depth": count(tensors, "blocks.*.norm1.weight"),
            "image": patch * round(cells**0.5),
            "patch": patch,
            "channels": channels,
            "mlp_ratio": len(tensors["blocks.0.mlp.fc1.bias"]) / dim,
            "qkv_bias": "blocks.0.attn.qkv.bias" in tensors,
            "class_token": has_token,
            "fc_norm": has_fc_norm,
        }
        if has_fc_norm or not has_token:
            found["pool"] = "mean"
        if "head.weight" in tensors:  # pre-trained encoders have none
            found["num_classes"] = len(tensors["head.weight"])
        return found


def _check(image: int, patch: int, class_token: bool, pool: str) -> None:
    if image % patch:
        raise UsageError(f"image {image} is no multiple of patch {patch}")
    if pool not in POOLS:
        raise UsageError(f"pool {pool!r} is none of {', '.join(POOLS)}")
    if pool == "cls" and not class_token:
        raise UsageError("pool 'cls' needs class_token; say pool='mean'")

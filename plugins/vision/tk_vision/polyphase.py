"""Adaptive polyphase anchoring (arXiv:2306.07470): transformers that shifts do not confuse.

Cutting an image into patches looks at one of its p × p phases; which one an object meets depends
on where it is. Anchoring rolls every image so that its strongest phase comes first, whatever shift
it arrived with: a circular shift of the input then is a roll by whole patches, or no change at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tk.errors import InputError
from tk.nn import PatchEmbed, Renames, Variants, tokens_to_map
from tk_vision.twins import Padding, Twins
from tk_vision.vit import ViT


def anchor(x: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Roll maps ``(B, C, H, W)`` so that their strongest phase comes first (A_p of the paper).

    The gradient is the inverse roll; which phase was chosen counts as constant.

    Args:
        x: The maps.
        step: Rows and columns p from one cell of a phase to the next.

    Returns:
        The rolled maps, and ``(B, 2)`` row and column of the phase: the one with the largest
        L2 norm, the first in row-major order of several equal ones.

    Raises:
        InputError: `step` does not divide a side.
    """
    height, width = x.shape[2:]
    if height % step or width % step:
        raise InputError(
            f"a map of {height} x {width} has no phases of {step} x {step}; "
            "resize images so that the step divides both sides"
        )
    if step == 1:
        return x, x.new_zeros(len(x), 2, dtype=torch.long)
    # Squares of float32 are exact in float64, and the order of summation, which a shift changes,
    # then hardly ever decides between phases.
    energy = x.detach().double().square().sum(1)
    phases = energy.unflatten(2, (-1, step)).unflatten(1, (-1, step)).sum((1, 3))
    best = phases.flatten(1).argmax(1)
    row, column = best // step, best % step
    return roll(x, row, column), torch.stack([row, column], dim=1)


def roll(x: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Roll every map ``(C, H, W)`` of a batch by its own ``(-row, -column)``."""
    height, width = x.shape[2:]
    rows = (torch.arange(height, device=x.device) + row[:, None]) % height
    columns = (torch.arange(width, device=x.device) + column[:, None]) % width
    cells = (rows[:, :, None] * width + columns[:, None, :]).flatten(1)
    moved = x.flatten(2).gather(2, cells[:, None].expand(-1, x.shape[1], -1))
    return moved.view(x.shape)


class AnchoredEmbed(PatchEmbed):
    """Patches of the anchored image as tokens, normed where the model is not a plain ViT's copy."""

    def __init__(self, patch: int, dim: int, *, channels: int, norm: bool) -> None:
        super().__init__(patch, dim, channels=channels)
        self.norm = nn.LayerNorm(dim) if norm else nn.Identity()

    def forward(self, image: Tensor) -> Tensor:
        return self.norm(super().forward(anchor(image, self.patch)[0]))


class CircularPositions(nn.Module):
    """Positions from neighbours on a torus (PEG): a depth-wise convolution, added to its input."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(dim, dim, 3, padding=1, groups=dim, padding_mode="circular")

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        maps = tokens_to_map(x, grid)
        return (self.proj(maps) + maps).flatten(2).transpose(1, 2)


class PolyViT(ViT):
    """Classify images alike wherever a circular shift puts them; the pyramid rolls with them.

    Sides are multiples of the patch; no table of positions limits them.

    Args:
        dim: Channels C of a token.
        depth: Blocks.
        heads: Heads of attention.
        patch: Side of a patch.
        channels: Channels of the image.
        mlp_ratio: Hidden width over width.
        qkv_bias: Biases for queries, keys and values.
        class_token: A token of its own that the head may read; it has no position.
        pool: What the head reads: ``cls``, the class token, or ``mean``, that of the patches.
        fc_norm: Normalise after pooling instead of before.
        patch_norm: Normalise what patches are embedded as.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        f"poly{name}": ViT.variants[name] for name in ("vit-s-16", "vit-b-16")
    }
    renames: ClassVar[Renames] = ()

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        heads: int,
        patch: int = 16,
        channels: int = 3,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        class_token: bool = True,
        pool: str = "cls",
        fc_norm: bool = False,
        patch_norm: bool = True,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(
            dim=dim,
            depth=depth,
            heads=heads,
            image=patch,
            patch=patch,
            channels=channels,
            mlp_ratio=mlp_ratio,
            qkv_bias=qkv_bias,
            class_token=class_token,
            pool=pool,
            fc_norm=fc_norm,
            num_classes=num_classes,
            drop_path=drop_path,
        )
        del self.pos_embed
        self.patch_embed = AnchoredEmbed(patch, dim, channels=channels, norm=patch_norm)
        self.pos_conv = CircularPositions(dim)

    def embed(self, image: Tensor) -> Tensor:
        """Return what the first block reads, ``(B, prefix + N, C)``: anchored tokens."""
        x = self.pos_conv(self.patch_embed(image), self.grid(image))
        if self.prefix:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        return x

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read what `ViT` reads, without a size."""
        side = tensors["pos_conv.proj.weight"]  # any table of one cell lets `ViT` read the rest
        table = side.new_zeros(1, 1 + ("cls_token" in tensors), 1)
        found = super().config_from_state_dict({**tensors, "pos_embed": table})
        del found["image"]
        return found | {"patch_norm": "patch_embed.norm.weight" in tensors}


class PolyTwins(Twins):
    """Twins that classifies images alike wherever a circular shift puts them.

    Anchored before patches, before windows and before sub-sampling; tensors are those of Twins.
    Windows and ratios must divide the maps of their stages. Shifts reach the next stage as whole
    patches only if a stage's last ratio is even, as in all variants.
    """

    variants: ClassVar[Variants] = {
        f"poly{name}": Twins.variants[name]
        for name in ("twins-svt-s", "twins-svt-b", "twins-svt-l")
    }
    padding: ClassVar[Padding] = "circular"

    def anchored(self, x: Tensor, step: int) -> Tensor:
        """Return the map rolled so that its strongest phase comes first."""
        return anchor(x, step)[0]

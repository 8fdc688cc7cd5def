"""Twins (arXiv:2104.13840): attention in windows and to a sub-sampled map, by turns (SVT).

Tensor names are timm's. All blocks work on tokens ``(B, H · W, C)``, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import InputError, UsageError
from tk.nn import (
    Attention,
    DropPath,
    Mlp,
    Model,
    Variants,
    count,
    drop_rates,
    join_windows,
    split_windows,
    tokens_to_map,
)

Size = tuple[int, int]
Padding = Literal["zeros", "circular"]
EPS = 1e-6


class WindowAttention(Attention):
    """Locally-grouped attention: within windows; maps that these do not divide are padded."""

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__(dim, heads=heads)
        self.window = window

    def attend(self, x: Tensor, size: Size) -> Tensor:
        """Return ``(B, H · W, C)``."""
        (height, width), w = size, self.window
        maps = F.pad(x.unflatten(1, size), (0, 0, 0, -width % w, 0, -height % w))
        windows = self(split_windows(maps, (w, w)))
        joined = join_windows(windows, (w, w), (maps.shape[1], maps.shape[2]))
        return joined[:, :height, :width].flatten(1, 2)


class SubsampledAttention(nn.Module):
    """Global attention whose keys and values are patches of `ratio`² tokens."""

    def __init__(self, dim: int, heads: int, ratio: int) -> None:
        super().__init__()
        if dim % heads:
            raise UsageError(f"width {dim} cannot be split into {heads} heads")
        self.heads, self.ratio = heads, ratio
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(dim, 2 * dim)
        self.proj = nn.Linear(dim, dim)
        if ratio > 1:
            self.sr = nn.Conv2d(dim, dim, ratio, ratio)
            self.norm = nn.LayerNorm(dim)  # torch's eps, unlike the blocks'

    def attend(self, x: Tensor, size: Size) -> Tensor:
        """Return ``(B, H · W, C)``."""
        query = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        if self.ratio > 1:
            x = self.norm(self.sr(tokens_to_map(x, size)).flatten(2).transpose(1, 2))
        key, value = self.kv(x).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out


class Block(nn.Module):
    """Pre-norm attention of either kind, and a perceptron.

    `step` is by how much a map may be rolled without changing what attention does.
    """

    def __init__(
        self,
        dim: int,
        attn: WindowAttention | SubsampledAttention,
        *,
        mlp_ratio: float,
        rate: float,
    ) -> None:
        super().__init__()
        self.step = attn.window if isinstance(attn, WindowAttention) else attn.ratio
        self.norm1 = nn.LayerNorm(dim, eps=EPS)
        self.attn = attn
        self.norm2 = nn.LayerNorm(dim, eps=EPS)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor, size: Size) -> Tensor:
        x = x + self.drop_path(self.attn.attend(self.norm1(x), size))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    """Patches of a map as normed tokens: ``(B, c, H, W)`` to ``(B, N, C)``."""

    def __init__(self, before: int, dim: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.proj = nn.Conv2d(before, dim, patch, patch)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Size]:
        if x.shape[2] % self.patch or x.shape[3] % self.patch:
            raise InputError(
                f"a map of {x.shape[2]} x {x.shape[3]} cannot be cut into patches of {self.patch}; "
                "resize images to multiples of 32"
            )
        maps = self.proj(x)
        return self.norm(maps.flatten(2).transpose(1, 2)), (maps.shape[2], maps.shape[3])


class PositionBlock(nn.Module):
    """Positions from neighbours (PEG, arXiv:2102.10882): a depth-wise convolution, added."""

    def __init__(self, dim: int, padding: Padding) -> None:
        super().__init__()
        conv = nn.Conv2d(dim, dim, 3, padding=1, groups=dim, padding_mode=padding)
        self.proj = nn.Sequential(conv)

    def forward(self, x: Tensor, size: Size) -> Tensor:
        maps = tokens_to_map(x, size)
        return (self.proj(maps) + maps).flatten(2).transpose(1, 2)


class Twins(Model):
    """Classify images whose sides are multiples of 32, or return the maps of four stages.

    Args:
        dims: Channels of each stage.
        heads: Heads of each stage.
        depths: Blocks of each stage; every second attends to the sub-sampled map.
        windows: Sides of the windows of each stage, in tokens; None: no windows, all blocks attend
            to the sub-sampled map (Twins-PCPVT).
        ratios: Sides of what sub-sampling joins in each stage, in tokens.
        mlp_ratios: Hidden width over width, of each stage.
        patch: Side of the first stage's patches; those of the others are 2 × 2 tokens.
        channels: Channels of the image.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        "twins-svt-s": {
            "dims": [64, 128, 256, 512],
            "heads": [2, 4, 8, 16],
            "depths": [2, 2, 10, 4],
            "windows": [7, 7, 7, 7],
        },
        "twins-svt-b": {
            "dims": [96, 192, 384, 768],
            "heads": [3, 6, 12, 24],
            "depths": [2, 2, 18, 2],
            "windows": [7, 7, 7, 7],
        },
        "twins-svt-l": {
            "dims": [128, 256, 512, 1024],
            "heads": [4, 8, 16, 32],
            "depths": [2, 2, 18, 2],
            "windows": [7, 7, 7, 7],
        },
        **{
            f"twins-pcpvt-{size}": {
                "dims": [64, 128, 320, 512],
                "heads": [1, 2, 5, 8],
                "depths": depths,
                "windows": None,
                "mlp_ratios": [8, 8, 4, 4],
            }
            for size, depths in (("s", [3, 4, 6, 3]), ("b", [3, 4, 18, 3]), ("l", [3, 8, 27, 3]))
        },
    }
    padding: ClassVar[Padding] = "zeros"

    def __init__(
        self,
        *,
        dims: Sequence[int],
        heads: Sequence[int],
        depths: Sequence[int],
        windows: Sequence[int] | None,
        ratios: Sequence[int] = (8, 4, 2, 1),
        mlp_ratios: Sequence[float] = (4.0, 4.0, 4.0, 4.0),
        patch: int = 4,
        channels: int = 3,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        sides = [None] * len(dims) if windows is None else list(windows)
        lists = {"dims": dims, "heads": heads, "windows": sides, "ratios": ratios, "depths": depths}
        _check(**lists, mlp_ratios=mlp_ratios)
        rates = iter(drop_rates(drop_path, sum(depths)))
        before = [channels, *dims[:-1]]
        self.patch_embeds, self.blocks = nn.ModuleList(), nn.ModuleList()
        for stage, dim in enumerate(dims):
            self.patch_embeds.append(PatchEmbed(before[stage], dim, 2 if stage else patch))
            stack = nn.ModuleList()
            for number in range(depths[stage]):
                window = None if number % 2 else sides[stage]
                attn = _attention(dim, heads[stage], window, ratios[stage])
                stack.append(Block(dim, attn, mlp_ratio=mlp_ratios[stage], rate=next(rates)))
            self.blocks.append(stack)
        self.pos_block = nn.ModuleList(PositionBlock(dim, self.padding) for dim in dims)
        self.norm = nn.LayerNorm(dims[-1], eps=EPS)
        self.head = nn.Linear(dims[-1], num_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        self.strides = [patch * 2**stage for stage in range(len(dims))]
        self.widths = list(dims)

    def anchored(self, x: Tensor, step: int) -> Tensor:
        """Return the map that the next layer reads; polyphase anchoring rolls it here."""
        return x

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the map after each stage, ``(B, C, H / s, W / s)`` for s = 4, 8, 16, 32.

        Raises:
            InputError: A side is no multiple of 32.
        """
        maps: list[Tensor] = []
        x = self.anchored(image, self.strides[0])
        for embed, stack, position in zip(
            self.patch_embeds, self.blocks, self.pos_block, strict=True
        ):
            tokens, size = embed(x)
            for number, block in enumerate(stack.children()):
                assert isinstance(block, Block)
                moved = self.anchored(tokens_to_map(tokens, size), block.step)
                tokens = block(moved.flatten(2).transpose(1, 2), size)
                if number == 0:
                    tokens = position(tokens, size)
            x = tokens_to_map(tokens, size)
            maps.append(x)
        return maps

    def tokens(self, image: Tensor) -> Tensor:
        """Return the last map's normed tokens, ``(B, N, C)``. Raises as `pyramid`."""
        return self.norm(self.pyramid(image)[-1].flatten(2).transpose(1, 2))

    def features(self, image: Tensor) -> Tensor:
        """Return the mean of the last map's normed tokens, ``(B, C)``. Raises as `pyramid`."""
        return self.tokens(image).mean(1)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, H, W)``. Raises as `pyramid`."""
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but heads and windows; a stage of one block sub-samples nothing: ratio 1."""
        stages = range(count(tensors, "patch_embeds.*.proj.weight"))
        dims = [len(tensors[f"patch_embeds.{s}.proj.bias"]) for s in stages]
        hidden = [len(tensors[f"blocks.{s}.0.mlp.fc1.bias"]) for s in stages]
        depths = [count(tensors, f"blocks.{s}.*.norm1.weight") for s in stages]
        has_windows = "blocks.0.0.attn.qkv.weight" in tensors
        sr = [tensors.get(f"blocks.{s}.{int(has_windows)}.attn.sr.weight") for s in stages]
        found: dict[str, Any] = {
            "dims": dims,
            "depths": depths,
            "ratios": [1 if kernel is None else kernel.shape[-1] for kernel in sr],
            "mlp_ratios": [wide / dim for wide, dim in zip(hidden, dims, strict=True)],
            "patch": tensors["patch_embeds.0.proj.weight"].shape[-1],
            "channels": tensors["patch_embeds.0.proj.weight"].shape[1],
            "num_classes": len(tensors["head.bias"]),
        }
        return found if has_windows else found | {"windows": None}


def _attention(
    dim: int, heads: int, window: int | None, ratio: int
) -> WindowAttention | SubsampledAttention:
    if window is None:
        return SubsampledAttention(dim, heads, ratio)
    return WindowAttention(dim, heads, window)


def _check(**lists: Sequence[object]) -> None:
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        raise UsageError(f"stages differ in number: {lengths}")

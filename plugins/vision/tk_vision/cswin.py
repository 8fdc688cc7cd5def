"""CSWin Transformer (arXiv:2107.00652): attention in stripes that together form a cross.

Half of a block's heads attend in stripes as high as the map, the other half in stripes as wide as
it (section 3.2). Position comes from a depth-wise convolution of the values inside each stripe
(LePE), so no table limits the size of an image. Maps are channels-last, ``(B, H, W, C)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tk.errors import InputError, UsageError
from tk.nn import DropPath, Mlp, Model, Renames, Variants, count, drop_rates

_STAGES = 4
_LEAST = 3


class Stripes(nn.Module):
    """Attention inside stripes of a map, plus the values' convolution: ``A v + conv(v)``."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.lepe = nn.Conv2d(dim, dim, 3, 1, 1, groups=dim)

    def forward(self, qkv: Tensor, stripe: tuple[int, int]) -> Tensor:
        """Mix queries, keys and values ``(B, H, W, 3, C)`` to ``(B, H, W, C)``.

        A map that is no multiple of `stripe` gets zeros around it, which take part as keys of
        logit 0: so does the reference.
        """
        height, width = qkv.shape[1:3]
        down, right = -height % stripe[0], -width % stripe[1]
        top, left = down // 2, right // 2
        if down or right:
            qkv = F.pad(qkv, (0, 0, 0, 0, left, right - left, top, down - top))
        grid = (qkv.shape[1] // stripe[0], qkv.shape[2] // stripe[1])
        cut = qkv.unflatten(2, (grid[1], stripe[1])).unflatten(1, (grid[0], stripe[0]))
        cut = cut.transpose(2, 3).flatten(0, 2).flatten(1, 2)
        query, key, value = cut.unflatten(-1, (self.heads, -1)).permute(2, 0, 3, 1, 4)
        rate = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=rate)
        # The convolution sees one stripe at a time: its zeros stand at the stripe's own border.
        images = cut[:, :, 2].unflatten(1, stripe).permute(0, 3, 1, 2)
        mixed = mixed.transpose(1, 2).flatten(2).unflatten(1, stripe)
        mixed = mixed + self.lepe(images).permute(0, 2, 3, 1)
        whole = mixed.unflatten(0, (-1, *grid)).transpose(2, 3).flatten(3, 4).flatten(1, 2)
        return whole[:, top : top + height, left : left + width]


class Block(nn.Module):
    """Cross of stripes, then MLP, each normed before: ``(B, H, W, C)`` to the same.

    With one branch all heads see the whole map.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        split: int,
        branches: int,
        mlp_ratio: float,
        qkv_bias: bool,
        attention_dropout: float,
        rate: float,
    ) -> None:
        super().__init__()
        if dim % heads or heads % branches:
            raise UsageError(
                f"width {dim} cannot be split into {heads} heads in {branches} branches"
            )
        self.split = split
        self.norm1 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.attns = nn.ModuleList(
            Stripes(dim // branches, heads // branches, attention_dropout) for _ in range(branches)
        )
        self.proj = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.proj(self.mix(self.norm1(x))))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def mix(self, x: Tensor) -> Tensor:
        """Attend in vertical stripes with the first half of heads, in horizontal with the rest."""
        height, width = x.shape[1:3]
        stripes = [(height, self.split), (self.split, width)]
        if len(self.attns) == 1:
            stripes = [(height, width)]
        qkv = self.qkv(x).unflatten(-1, (3, len(self.attns), -1)).unbind(-2)
        parts = [attn(*given) for attn, *given in zip(self.attns, qkv, stripes, strict=True)]
        return torch.cat(parts, dim=-1)


class Reduce(nn.Module):
    """A strided convolution, then a norm: the stem and what stands between stages."""

    def __init__(self, before: int, after: int, *, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, padding)
        self.norm = nn.LayerNorm(after)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, H / stride, W / stride, after)`` of ``(B, before, H, W)``."""
        return self.norm(self.conv(x).permute(0, 2, 3, 1))


class Backbone(Model):
    """What classifier and dense backbone share: stem, four stages, what stands between them."""

    renames: ClassVar[Renames] = (
        (r"^stage1_conv_embed\.0\.", "stem.conv."),
        (r"^stage1_conv_embed\.2\.", "stem.norm."),
        (r"\.get_v\.", ".lepe."),
    )

    def __init__(
        self,
        *,
        dims: Sequence[int],
        depths: Sequence[int],
        heads: Sequence[int],
        splits: Sequence[int],
        branches: Sequence[int],
        channels: int,
        drop_path: float,
        **block: Any,  # noqa: ANN401 - the rest of a block's arguments
    ) -> None:
        super().__init__()
        _check(dims=dims, depths=depths, heads=heads, splits=splits, branches=branches)
        self.dims = list(dims)
        rates = iter(drop_rates(drop_path, sum(depths)))
        self.stem = Reduce(channels, dims[0], kernel=7, stride=4, padding=2)
        for i, dim in enumerate(dims):  # the reference counts stages from 1
            if i:
                merge = Reduce(dims[i - 1], dim, kernel=3, stride=2, padding=1)
                self.add_module(f"merge{i}", merge)
            shape = {"split": splits[i], "branches": branches[i], **block}
            stage = [Block(dim, heads[i], rate=next(rates), **shape) for _ in range(depths[i])]
            self.add_module(f"stage{i + 1}", nn.Sequential(*stage))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    @property
    def strides(self) -> list[int]:
        """Pixels of the image, in each direction, for one cell of each map of `pyramid`."""
        return [4, 8, 16, 32]

    @property
    def widths(self) -> list[int]:
        """Channels of each map of `pyramid`."""
        return list(self.dims)

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the map after each stage, ``(B, C, H / s, W / s)`` for s = 4, 8, 16, 32.

        Sides are rounded to the nearest by the stem and up between stages.

        Raises:
            InputError: A side of the image is less than 3.
        """
        if min(image.shape[2:]) < _LEAST:
            raise InputError(f"images are {tuple(image.shape)}; sides must be {_LEAST} or more")
        x = self.stem(image)
        maps = []
        for number in range(1, len(self.dims) + 1):
            if number > 1:
                x = self.get_submodule(f"merge{number - 1}")(x.permute(0, 3, 1, 2))
            x = self.get_submodule(f"stage{number}")(x)
            maps.append(x.permute(0, 3, 1, 2))
        return maps

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but heads and the stripes' widths."""
        stages = range(1, 1 + _STAGES)
        dims = [len(tensors[f"stage{n}.0.norm1.bias"]) for n in stages]
        return {
            "dims": dims,
            "depths": [count(tensors, f"stage{n}.*.norm1.weight") for n in stages],
            "mlp_ratio": len(tensors["stage1.0.mlp.fc1.bias"]) / dims[0],
            "channels": tensors["stem.conv.weight"].shape[1],
        }


class CSWin(Backbone):
    """Classify images, or return the maps of all four stages (`pyramid`).

    Weights were published for 224 × 224 and, with wider stripes, for 384 × 384, and tensors do
    not show for which. Images of other sizes are taken as `CSWinDense` takes them.

    Args:
        dims: Channels of each stage.
        depths: Blocks of each stage.
        heads: Heads of each stage, of all branches together.
        splits: Width of a stripe in each stage.
        branches: Of each stage; 2: vertical and horizontal stripes; 1: the whole map, as always
            in the last stage, and in any whose map is one stripe wide.
        mlp_ratio: Hidden width over width.
        qkv_bias: Biases for queries, keys and values.
        channels: Channels of the image.
        num_classes: Classes.
        attention_dropout: Share of attention weights left out in training.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        name: {"dims": dims, "depths": depths, "heads": heads, "splits": splits}
        for name, dims, depths, heads, splits in (
            ("cswin-t", [64, 128, 256, 512], [1, 2, 21, 1], [2, 4, 8, 16], [1, 2, 7, 7]),
            ("cswin-s", [64, 128, 256, 512], [2, 4, 32, 2], [2, 4, 8, 16], [1, 2, 7, 7]),
            ("cswin-b", [96, 192, 384, 768], [2, 4, 32, 2], [4, 8, 16, 32], [1, 2, 7, 7]),
            ("cswin-l", [144, 288, 576, 1152], [2, 4, 32, 2], [6, 12, 24, 24], [1, 2, 7, 7]),
            ("cswin-b-384", [96, 192, 384, 768], [2, 4, 32, 2], [4, 8, 16, 32], [1, 2, 12, 12]),
            ("cswin-l-384", [144, 288, 576, 1152], [2, 4, 32, 2], [6, 12, 24, 24], [1, 2, 12, 12]),
        )
    }

    def __init__(
        self,
        *,
        dims: Sequence[int],
        depths: Sequence[int],
        heads: Sequence[int],
        splits: Sequence[int],
        branches: Sequence[int] = (2, 2, 2, 1),
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        channels: int = 3,
        num_classes: int = 1000,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(
            dims=dims,
            depths=depths,
            heads=heads,
            splits=splits,
            branches=branches,
            channels=channels,
            drop_path=drop_path,
            mlp_ratio=mlp_ratio,
            qkv_bias=qkv_bias,
            attention_dropout=attention_dropout,
        )
        self.norm = nn.LayerNorm(dims[-1])
        self.head = nn.Linear(dims[-1], num_classes)
        nn.init.trunc_normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def features(self, image: Tensor) -> Tensor:
        """Return the mean of the last map's normed cells, ``(B, C)``."""
        cells = self.pyramid(image)[-1].permute(0, 2, 3, 1)
        return self.norm(cells).mean((1, 2))

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, H, W)``. Raises as `pyramid`."""
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but heads and the stripes' widths."""
        attns = [f"stage{number}.0.attns.*.lepe.weight" for number in range(1, 1 + _STAGES)]
        return {
            **super().config_from_state_dict(tensors),
            "branches": [count(tensors, pattern) for pattern in attns],
            "qkv_bias": "stage1.0.qkv.bias" in tensors,
            "num_classes": len(tensors["head.bias"]),
        }


class CSWinDense(Backbone):
    """Return four normed maps of images of any size, for segmentation and detection.

    Maps that are no multiple of a stripe get zeros around them. A classifier's checkpoint starts
    one with ``architecture="cswin-dense", fresh=["norm*", "head.*"]``.

    Args:
        dims: Channels of each stage; the reference multiplies by the ratio of heads, so its large
            one does not double at the last stage.
        depths: Blocks of each stage.
        heads: Heads of each stage, of both branches together.
        splits: Width of a stripe in each stage but the last, whose stripe is the map.
        mlp_ratio: Hidden width over width.
        channels: Channels of the image.
        attention_dropout: Share of attention weights left out in training.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        name.replace("cswin-", "cswin-dense-"): options
        for name, options in CSWin.variants.items()
        if name in ("cswin-t", "cswin-s", "cswin-b")
    } | {"cswin-dense-l": {**CSWin.variants["cswin-l"], "dims": [144, 288, 576, 576]}}

    def __init__(
        self,
        *,
        dims: Sequence[int],
        depths: Sequence[int],
        heads: Sequence[int],
        splits: Sequence[int],
        mlp_ratio: float = 4.0,
        channels: int = 3,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(
            dims=dims,
            depths=depths,
            heads=heads,
            splits=splits,
            branches=(2, 2, 2, 1),
            channels=channels,
            drop_path=drop_path,
            mlp_ratio=mlp_ratio,
            qkv_bias=True,
            attention_dropout=attention_dropout,
        )
        for number, dim in enumerate(dims, 1):
            self.add_module(f"norm{number}", nn.LayerNorm(dim))

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the normed map after each stage; shapes and errors as in `Backbone`."""
        maps = []
        for number, x in enumerate(super().pyramid(image), 1):
            normed = self.get_submodule(f"norm{number}")(x.permute(0, 2, 3, 1))
            maps.append(normed.permute(0, 3, 1, 2))
        return maps

    def features(self, image: Tensor) -> Tensor:
        """Return the mean of the last map's cells, ``(B, C)``."""
        return self.pyramid(image)[-1].mean((2, 3))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return `pyramid`."""
        return self.pyramid(image)


def _check(**options: Sequence[int]) -> None:
    for name, values in options.items():
        if len(values) != _STAGES or min(values) < 1:
            raise UsageError(f"{name} is {list(values)}; it must be {_STAGES} positive numbers")
    if max(options["branches"]) > len(("vertical", "horizontal")):
        raise UsageError(f"branches is {list(options['branches'])}; a stage has 1 or 2")

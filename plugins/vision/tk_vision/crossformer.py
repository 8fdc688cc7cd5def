"""CrossFormer (arXiv:2108.00154) and CrossFormer++ (arXiv:2303.06908): attention across scales.

Tokens are made of patches of several sizes at once (section 3.1). Blocks attend by turns among
neighbours and among cells at equal distances (3.2), with a bias that a small network makes of their
offset (3.3), so that groups and images may have any size. Maps are channels-last, ``(B, H, W, C)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tk.errors import InputError, UsageError
from tk.nn import DropPath, Mlp, Model, Renames, Variants, count, drop_rates
from tk_vision.crossformer_attention import GroupAttention

_STRIDE = 4
_COOLING = 3


class Block(nn.Module):
    """Attention, then MLP, each normed before; with `cooling`, a convolution without residual."""

    def __init__(
        self, dim: int, attn: GroupAttention, *, hidden: int, cooling: bool, rate: float
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = attn
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, hidden)
        self.drop_path = DropPath(rate)
        self.ex_conv = nn.Conv2d(dim, dim, 3, 1, 1, groups=dim) if cooling else None
        self.ex_ln = nn.LayerNorm(dim) if cooling else None

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        x = x + self.drop_path(self.mlp(self.norm2(x)))
        if self.ex_conv is None or self.ex_ln is None:
            return x
        return self.ex_ln(self.ex_conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))


class Scales(nn.ModuleList):
    """Convolutions of several sizes side by side: ``(B, C, H, W)`` to ``(B, H/s, W/s, after)``.

    Each but the last makes half of the channels that are left, so large ones stay cheap.
    """

    def __init__(self, before: int, after: int, kernels: Sequence[int], stride: int) -> None:
        if not kernels or any(kernel < stride or (kernel - stride) % 2 for kernel in kernels):
            raise UsageError(f"kernels are {list(kernels)}; each must be {stride} + 2 n")
        shares = [after >> min(i + 1, len(kernels) - 1) for i in range(len(kernels))]
        if sum(shares) != after:
            raise UsageError(f"width {after} cannot be halved among kernels {list(kernels)}")
        super().__init__(
            nn.Conv2d(before, share, kernel, stride, (kernel - stride) // 2)
            for share, kernel in zip(shares, kernels, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([conv(x) for conv in self], dim=1).permute(0, 2, 3, 1)


class Embed(nn.Module):
    """Images as maps: patches of all scales, then a norm."""

    def __init__(self, channels: int, dim: int, kernels: Sequence[int]) -> None:
        super().__init__()
        self.projs = Scales(channels, dim, kernels, _STRIDE)
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: Tensor) -> Tensor:
        return self.norm(self.projs(image))


class Halve(nn.Module):
    """A norm, then patches of all scales: half the sides, twice the channels."""

    def __init__(self, dim: int, kernels: Sequence[int]) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.reductions = Scales(dim, 2 * dim, kernels, 2)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        if height % 2 or width % 2:
            raise InputError(
                f"a map of {height} × {width} cells cannot be halved; "
                "give images whose sides are multiples of 32"
            )
        return self.reductions(self.norm(x).permute(0, 3, 1, 2))


class Stage(nn.Module):
    """Blocks, and what halves their map for the next stage."""

    def __init__(self, blocks: Sequence[Block], downsample: Halve | None) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.downsample = downsample


class Backbone(Model):
    """What classifier and dense backbone share: the stem and the stages."""

    renames: ClassVar[Renames] = (
        # Buffers of older checkpoints, which we compute.
        (r"\.(attn_mask|biases|relative_position_index)$", None),
    )

    def __init__(
        self,
        *,
        dim: int,
        depths: Sequence[int],
        heads: Sequence[int],
        groups: Sequence[int | Sequence[int]],
        intervals: Sequence[int],
        mlp_ratios: Sequence[float],
        kernels: Sequence[int],
        merge_kernels: Sequence[Sequence[int]],
        channels: int,
        cooling: bool,
        drop_path: float,
        **attention: Any,  # noqa: ANN401 - the rest of the arguments of `GroupAttention`
    ) -> None:
        super().__init__()
        stages = len(depths)
        _check(stages, heads=heads, groups=groups, intervals=intervals, mlp_ratios=mlp_ratios)
        _check(stages - 1, merge_kernels=merge_kernels)
        self.dims = [dim * 2**stage for stage in range(stages)]
        rates = iter(drop_rates(drop_path, sum(depths)))
        self.patch_embed = Embed(channels, dim, kernels)
        self.layers = nn.ModuleList()
        for stage, (width, depth) in enumerate(zip(self.dims, depths, strict=True)):
            blocks = [
                Block(
                    width,
                    GroupAttention(width, heads[stage], group=size, interval=step, **attention),
                    hidden=int(width * mlp_ratios[stage]),
                    cooling=cooling and _is_cooled(i, depth),
                    rate=next(rates),
                )
                for i, (size, step) in enumerate(_turns(depth, groups[stage], intervals[stage]))
            ]
            is_last = stage == stages - 1
            down = None if is_last else Halve(width, merge_kernels[stage])
            self.layers.append(Stage(blocks, down))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    @property
    def strides(self) -> list[int]:
        """Pixels of the image, in each direction, for one cell of each map of `pyramid`."""
        return [_STRIDE * 2**stage for stage in range(len(self.dims))]

    @property
    def widths(self) -> list[int]:
        """Channels of each map of `pyramid`."""
        return list(self.dims)

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the map after each stage, ``(B, C, H / s, W / s)`` for s = 4, 8, 16, 32.

        Raises:
            InputError: The map of a stage but the last has an odd side, or no cell.
        """
        if min(image.shape[2:]) < _STRIDE:
            raise InputError(f"images are {tuple(image.shape)}; sides must be {_STRIDE} or more")
        x, maps = self.patch_embed(image), []
        for stage in self.layers:
            assert isinstance(stage, Stage)
            x = stage.blocks(x)
            maps.append(x.permute(0, 3, 1, 2))
            x = x if stage.downsample is None else stage.downsample(x)
        return maps

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but groups, intervals and padding."""
        stages = [f"layers.{i}" for i in range(count(tensors, "layers.*.blocks.0.norm1.weight"))]
        first = [f"{stage}.blocks.0" for stage in stages]
        depths = [count(tensors, f"{stage}.blocks.*.norm1.weight") for stage in stages]
        sizes = [tensors[f"{block}.mlp.fc1.weight"].shape for block in first]
        options: dict[str, Any] = {
            "dim": len(tensors["patch_embed.norm.weight"]),
            "depths": depths,
            "heads": [len(tensors[f"{block}.attn.pos.pos3.2.bias"]) for block in first],
            "mlp_ratios": [hidden / width for hidden, width in sizes],
            "kernels": _kernels(tensors, "patch_embed.projs"),
            "merge_kernels": [
                _kernels(tensors, f"{stage}.downsample.reductions") for stage in stages[:-1]
            ],
            "channels": tensors["patch_embed.projs.0.weight"].shape[1],
            "qkv_bias": "layers.0.blocks.0.attn.qkv.bias" in tensors,
        }
        if max(depths) > _COOLING:  # a shorter stage has no block that would be cooled
            options["cooling"] = any(name.endswith(".ex_conv.weight") for name in tensors)
        return options


class CrossFormer(Backbone):
    """Classify images, or return the maps of all stages (`pyramid`).

    Args:
        dim: Channels of the first stage; each further one has twice as many.
        depths: Blocks of each stage.
        heads: Heads of each stage.
        groups: Cells of a group's side, of each stage or of each of its blocks.
        intervals: Steps between the cells of a group in every second block of each stage.
        mlp_ratios: Hidden width over width, of each stage.
        kernels: Sides of the patches that one token is made of.
        merge_kernels: The same between stages.
        channels: Channels of the image.
        qkv_bias: Biases for queries, keys and values.
        cooling: A convolution without residual after every third block (CrossFormer++).
        padding: Cells are added to a map that cannot be cut: ``end``: right and below; ``both``:
            half on each side.
        masked: Whether added cells are left out of attention.
        adaptive: Choose intervals such that one group spans the map, instead of `intervals`.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        name: {
            "dim": dim,
            "depths": depths,
            "heads": heads,
            "groups": [4, 4, 14, 7] if "pp" in name else [7, 7, 7, 7],
            "intervals": [4, 2, 1, 1] if "pp" in name else [8, 4, 2, 1],
            "cooling": "pp" in name,
        }
        for name, dim, depths, heads in (
            ("crossformer-t", 64, [1, 1, 8, 6], [2, 4, 8, 16]),
            ("crossformer-s", 96, [2, 2, 6, 2], [3, 6, 12, 24]),
            ("crossformer-b", 96, [2, 2, 18, 2], [3, 6, 12, 24]),
            ("crossformer-l", 128, [2, 2, 18, 2], [4, 8, 16, 32]),
            ("crossformer-pp-s", 64, [2, 2, 18, 2], [2, 4, 8, 16]),
            ("crossformer-pp-b", 96, [2, 2, 18, 2], [3, 6, 12, 24]),
            ("crossformer-pp-l", 128, [2, 2, 18, 2], [4, 8, 16, 32]),
            ("crossformer-pp-h", 128, [6, 6, 18, 2], [4, 8, 16, 32]),
        )
    }

    def __init__(
        self,
        *,
        dim: int,
        depths: Sequence[int],
        heads: Sequence[int],
        groups: Sequence[int | Sequence[int]],
        intervals: Sequence[int],
        mlp_ratios: Sequence[float] = (4.0,) * 4,
        kernels: Sequence[int] = (4, 8, 16, 32),
        merge_kernels: Sequence[Sequence[int]] = ((2, 4),) * 3,
        channels: int = 3,
        qkv_bias: bool = True,
        cooling: bool = False,
        padding: str = "end",
        masked: bool = True,
        adaptive: bool = False,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(
            dim=dim,
            depths=depths,
            heads=heads,
            groups=groups,
            intervals=(0,) * len(depths) if adaptive else intervals,
            mlp_ratios=mlp_ratios,
            kernels=kernels,
            merge_kernels=merge_kernels,
            channels=channels,
            cooling=cooling,
            drop_path=drop_path,
            qkv_bias=qkv_bias,
            padding=padding,
            masked=masked,
        )
        self.norm = nn.LayerNorm(self.dims[-1])
        self.head = nn.Linear(self.dims[-1], num_classes)
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
        """Read all but groups, intervals and padding."""
        seen = super().config_from_state_dict(tensors)
        return {**seen, "num_classes": len(tensors["head.bias"])}


class CrossFormerDense(Backbone):
    """Return the maps of all stages of images of any size, for segmentation and detection.

    Tensors do not show whether intervals are adaptive. A classifier's checkpoint starts one with
    ``architecture="crossformer-dense", fresh=["norm.*", "head.*"]``. Arguments are those of
    `CrossFormer`; padding is to the right and below, and always masked.
    """

    variants: ClassVar[Variants] = {
        name.replace("crossformer-", "crossformer-dense-"): options
        for name, options in CrossFormer.variants.items()
    }

    def __init__(
        self,
        *,
        dim: int,
        depths: Sequence[int],
        heads: Sequence[int],
        groups: Sequence[int | Sequence[int]],
        intervals: Sequence[int],
        mlp_ratios: Sequence[float] = (4.0,) * 4,
        kernels: Sequence[int] = (4, 8, 16, 32),
        merge_kernels: Sequence[Sequence[int]] = ((2, 4),) * 3,
        channels: int = 3,
        qkv_bias: bool = True,
        cooling: bool = False,
        adaptive: bool = False,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(
            dim=dim,
            depths=depths,
            heads=heads,
            groups=groups,
            intervals=(0,) * len(depths) if adaptive else intervals,
            mlp_ratios=mlp_ratios,
            kernels=kernels,
            merge_kernels=merge_kernels,
            channels=channels,
            cooling=cooling,
            drop_path=drop_path,
            qkv_bias=qkv_bias,
            padding="end",
            masked=True,
        )

    def features(self, image: Tensor) -> Tensor:
        """Return the mean of the last map's cells, ``(B, C)``."""
        return self.pyramid(image)[-1].mean((2, 3))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return `pyramid`."""
        return self.pyramid(image)


def _turns(depth: int, groups: int | Sequence[int], interval: int) -> list[tuple[int, int]]:
    """Return group and interval of each block: neighbours first, then cells at distances."""
    sizes = [groups] * depth if isinstance(groups, int) else list(groups)
    if len(sizes) != depth or min(sizes) < 1:
        raise UsageError(f"groups are {sizes} in a stage of {depth} blocks")
    return [(size, interval if i % 2 else 1) for i, size in enumerate(sizes)]


def _is_cooled(block: int, depth: int) -> bool:
    return block % _COOLING == _COOLING - 1 and block < depth - 1


def _kernels(tensors: Mapping[str, Tensor], where: str) -> list[int]:
    numbers = range(count(tensors, f"{where}.*.weight"))
    return [tensors[f"{where}.{number}.weight"].shape[-1] for number in numbers]


def _check(length: int, **options: Sequence[object]) -> None:
    for name, values in options.items():
        if len(values) != length:
            raise UsageError(f"{name} is {list(values)}; {length} values are needed")

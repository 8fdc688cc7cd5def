"""DuoFormer (arXiv:2506.12982): a convolutional pyramid, read by scales and then by regions.

Written for pathology, where pictures are few: the trunk brings what it learned elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

import torch
from torch import Tensor, nn

import tk
from tk.checkpoints.placing import place
from tk.checkpoints.reading import read_checkpoint
from tk.checkpoints.renaming import rename
from tk.errors import InputError, UsageError
from tk.nn import Renames, Variants, count
from tk_vision.duoformer.regions import ChannelToken, group_regions, ungroup_regions
from tk_vision.duoformer.resnet import RESNETS, ResNet
from tk_vision.duoformer.transformer import ScaleRegionTransformer

SCALE_TOKENS = ("channel", "random")
_MAPS = 4


class Backbone(Protocol):
    """What makes the maps: any model with a pyramid of four, each half as high and wide."""

    strides: list[int]
    widths: list[int]

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the maps, fine to coarse."""
        ...


class DuoFormer(ScaleRegionTransformer):
    """Classify images whose sides are multiples of the trunk's stride, 32.

    Positions are learned for one size and stretched to others. Published for 224 × 224.

    Args:
        backbone: ``resnet18``, ``resnet34``, ``resnet50``, ``resnet101``, or the name of any model
            (`tk.create`) whose pyramid has four maps.
        scales: Maps that are used, the coarsest 2 to 4.
        scale_token: ``channel``: made from all four maps for each region; ``random``: one learned
            vector for all.
        image: Side of the image that positions are learned for.
        dim: As all that follow, see `ScaleRegionTransformer`.
    """

    variants: ClassVar[Variants] = {
        f"duoformer-r{size}-{scales}": {
            "backbone": f"resnet{size}",
            "scales": scales,
            "dim": 768,
            "depth": 12,
            "heads": 12,
        }
        for size in (18, 50)
        for scales in (2, 3, 4)
    }
    renames: ClassVar[Renames] = (
        (r"^resnet_projector\.0\.", "backbone.conv1."),
        (r"^resnet_projector\.1\.", "backbone.bn1."),
        (r"^resnet_projector\.4\.", "backbone.layer1."),
        (r"^resnet_projector\.5\.", "backbone.layer2."),
        (r"^resnet_projector\.6\.", "backbone.layer3."),
        (r"^resnet_projector\.7\.", "backbone.layer4."),
        (r"^projection\.proj_heads\.", "projections."),
        (r"^channel_token$", "random_token"),
        (r"^chann_proj1\.conv1\.", "channel_token.finest.0."),
        (r"^chann_proj1\.conv2\.", "channel_token.finest.1."),
        (r"^chann_proj2\.conv1\.", "channel_token.finer."),
        (r"^chann_proj_all\.nConvs\.", "channel_token.mix."),
    )
    no_decay: ClassVar[Sequence[str]] = ("cls_token", "pos_embed*", "random_token")

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        heads: int,
        scales: int,
        backbone: str = "resnet50",
        scale_token: str = "channel",
        image: int = 224,
        wiring: str = "ends",
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        layer_scale: bool = False,
        initial: float = 1e-5,
        qk_norm: Sequence[bool] = (False, False),
        num_classes: int = 1000,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        if scale_token not in SCALE_TOKENS:
            raise UsageError(f"scale_token {scale_token!r} is none of {', '.join(SCALE_TOKENS)}")
        trunk = _trunk(backbone)
        if image % trunk.strides[-1]:
            raise UsageError(f"image {image} is no multiple of stride {trunk.strides[-1]}")
        super().__init__(
            dim=dim,
            depth=depth,
            heads=heads,
            scales=scales,
            wiring=wiring,
            regions=(image // trunk.strides[-1]) ** 2,
            mlp_ratio=mlp_ratio,
            qkv_bias=qkv_bias,
            layer_scale=layer_scale,
            initial=initial,
            qk_norm=qk_norm,
            num_classes=num_classes,
            dropout=dropout,
            drop_path=drop_path,
        )
        self.scale_token = scale_token
        self.backbone = cast(nn.Module, trunk)
        self.levels = list(range(_MAPS)[: -scales - 1 : -1])
        self.strides = [trunk.strides[level] for level in reversed(self.levels)]
        self.widths = [dim] * scales
        self.projections = nn.ModuleDict(
            {str(level): _projection(trunk.widths[level], dim) for level in self.levels}
        )
        if scale_token == "channel":
            self.channel_token = ChannelToken(trunk.widths, dim)
        else:
            self.random_token = nn.Parameter(torch.randn(1, 1, 1, dim) * 0.036)

    def tokens(self, image: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Return the tokens after attention among scales, ``(B, h · w, 1 + T, C)``, and ``(h, w)``.

        Raises:
            InputError: These are no images, or a side is no multiple of the trunk's stride.
        """
        stride = self.strides[-1]
        if image.ndim != 4 or image.shape[2] % stride or image.shape[3] % stride:
            raise InputError(
                f"images are {tuple(image.shape)}; this model takes (B, 3, H, W) with H and W "
                f"multiples of {stride}"
            )
        maps = cast(Backbone, self.backbone).pyramid(image)
        cells = group_regions([self.projections[str(n)](maps[n]) for n in self.levels])
        if self.scale_token == "channel":
            token = self.channel_token(maps)
        else:
            token = self.random_token.expand(*cells.shape[:2], 1, -1)
        rows, columns = maps[-1].shape[2:]
        return self.attend_scales(torch.cat([token, cells], dim=2)), (rows, columns)

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the maps used, fine to coarse, after attention among scales. Raises as `tokens`.

        Shapes are ``(B, C, H / s, W / s)``, for four scales with s = 4, 8, 16, 32.
        """
        tokens, grid = self.tokens(image)
        return ungroup_regions(tokens[:, :, 1:], grid)[::-1]

    def features(self, image: Tensor) -> Tensor:
        """Return the class token's last state, ``(B, C)``. Raises as `tokens`."""
        tokens, grid = self.tokens(image)
        return self.attend_regions(tokens[:, :, 0], grid)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, 3, H, W)``. Raises as `tokens`."""
        return self.head(self.features(image))

    def load_backbone(self, path: str | Path) -> None:
        """Fill the trunk with weights of the same network, published by torchvision say.

        Raises:
            InputError: A tensor of the trunk is not there or has another shape.
        """
        own = self.backbone.state_dict()
        # Old files lack the counters, and none has a place for a classifier here.
        tensors = {n: t for n, t in read_checkpoint(Path(path)).tensors.items() if n in own}
        place(self.backbone, tensors, where=str(path), fresh=["*num_batches_tracked"])

    @classmethod
    def convert(cls, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename the trunk's and the scale token's tensors, and the transformer's as it does."""
        start = "vision_transformer."
        inside = {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
        outside = {n: t for n, t in tensors.items() if not n.startswith(start)}
        return {**ScaleRegionTransformer.convert(inside), **rename(outside, cls.renames)}

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the heads, and the trunk where it is a residual network."""
        options = super().config_from_state_dict(tensors)
        options["image"] = 32 * isqrt(options.pop("regions"))
        has_vector = "random_token" in tensors
        options["scale_token"] = "random" if has_vector else "channel"
        if "backbone.layer4.0.conv1.weight" in tensors:
            stages = [f"backbone.layer{stage}" for stage in (1, 2, 3, 4)]
            depths = tuple(count(tensors, f"{stage}.*.conv1.weight") for stage in stages)
            is_deep = "backbone.layer1.0.conv3.weight" in tensors
            for name, (block, known) in RESNETS.items():
                if known == depths and (block.expansion > 1) == is_deep:
                    options["backbone"] = name
        return options


def _trunk(name: str) -> Backbone:
    """Build the trunk called `name`, without a head."""
    if name in RESNETS:
        return ResNet(name)
    model = tk.create(name)
    strides = list(getattr(model, "strides", ()))
    if len(strides) != _MAPS or strides != [strides[0] * 2**level for level in range(_MAPS)]:
        raise UsageError(
            f"backbone {name!r} has no pyramid of four maps, each half as high and wide as the one "
            f"before; say {', '.join(RESNETS)}, or a model that has"
        )
    if hasattr(model, "head"):
        model.head = nn.Identity()  # nothing would reach it
    return cast(Backbone, model)


def _projection(before: int, after: int) -> nn.Conv2d:
    projection = nn.Conv2d(before, after, 1)
    nn.init.kaiming_normal_(projection.weight)
    nn.init.normal_(cast(Tensor, projection.bias), std=1e-6)
    return projection

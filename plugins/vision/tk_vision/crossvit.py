"""CrossViT (arXiv:2103.14899): two vision transformers for small and large patches that meet.

Each branch sees the image at its own size. After some blocks of its own, a branch sends its class
token into the other one, where it alone attends to all patches (eq. 5 and 6), so that meeting costs
no more than the number of patches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tk.errors import InputError, UsageError
from tk.nn import Model, Renames, Variants, count, drop_rates, resize_positions, tokens_to_map
from tk_vision.crossvit_blocks import Embedding, Heads, MultiScaleBlock, grid_of


def _variant(
    dim: int, heads: int, large: int, ratio: float, *, stem: str = "patch", high: bool = False
) -> dict[str, Any]:
    return {
        "image": 408 if high else 240,
        "dims": [dim, 2 * dim],
        "heads": [heads, heads],
        "depths": [[1, large, 0]] * 3,
        "mlp_ratios": [ratio, ratio],
        "stem": stem,
    }


class CrossViT(Model):
    """Classify images; each branch resizes what it gets to its own square.

    The first of every pair is the branch of small patches. The published weights want pixels less
    ImageNet's mean, over its deviation.

    Args:
        image: Side of the image that positions are learned for; the branches take the multiples
            of their patches nearest to it and to 14/15 of it, as published. Two numbers are the
            branches' own sides.
        size: As `image`, what the branches work at; positions are stretched to it, bicubically. By
            default `image`.
        dims: Channels of each branch.
        heads: Heads of each branch.
        depths: Of each multi-scale block: blocks of the first branch, of the second, and crossings;
            0 crossings are one, under the names of the published weights.
        patches: Side of a patch in each branch.
        mlp_ratios: Hidden width over width, of each branch.
        stem: ``patch``: one convolution; ``conv``: three (the models with a dagger), for patches
            of 12 and 16.
        channels: Channels of the image.
        qkv_bias: Biases for queries, keys and values.
        norm_eps: Added to the variance in every norm.
        num_classes: Classes.
        dropout: Of tokens, and after every linear map that ends a residual branch.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        "crossvit-tiny": _variant(96, 3, 4, 4.0),
        "crossvit-small": _variant(192, 6, 4, 4.0),
        "crossvit-base": _variant(384, 12, 4, 4.0),
        "crossvit-9": _variant(128, 4, 3, 3.0),
        "crossvit-9-dagger": _variant(128, 4, 3, 3.0, stem="conv"),
        "crossvit-15": _variant(192, 6, 5, 3.0),
        "crossvit-15-dagger": _variant(192, 6, 5, 3.0, stem="conv"),
        "crossvit-15-dagger-384": _variant(192, 6, 5, 3.0, stem="conv", high=True),
        "crossvit-18": _variant(224, 7, 6, 3.0),
        "crossvit-18-dagger": _variant(224, 7, 6, 3.0, stem="conv"),
        "crossvit-18-dagger-384": _variant(224, 7, 6, 3.0, stem="conv", high=True),
    }
    renames: ClassVar[Renames] = ((r"^(pos_embed|cls_token)_([01])$", r"\1.\2"),)  # timm's
    no_decay: ClassVar[Sequence[str]] = ("cls_token.*", "pos_embed.*")

    def __init__(
        self,
        *,
        image: int | Sequence[int],
        dims: Sequence[int],
        heads: Sequence[int],
        depths: Sequence[Sequence[int]],
        size: int | Sequence[int] | None = None,
        patches: Sequence[int] = (12, 16),
        mlp_ratios: Sequence[float] = (4.0, 4.0),
        stem: str = "patch",
        channels: int = 3,
        qkv_bias: bool = True,
        norm_eps: float = 1e-6,
        num_classes: int = 1000,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        _check(depths, dims=dims, heads=heads, patches=patches, mlp_ratios=mlp_ratios)
        learned = _sides("image", image, patches)
        sides = learned if size is None else _sides("size", size, patches)
        self.strides, self.widths = list(patches), list(dims)
        self.channels = channels
        embeddings = [
            Embedding(side, patch, dim, channels=channels, stem=stem)
            for side, patch, dim in zip(sides, patches, dims, strict=True)
        ]
        self.grids = [(each.grid, each.grid) for each in embeddings]
        self.patch_embed = nn.ModuleList(embeddings)
        self.cls_token = nn.ParameterList(torch.zeros(1, 1, dim) for dim in dims)
        self.pos_embed = nn.ParameterList(
            torch.zeros(1, 1 + grid_of(side, patch, stem) ** 2, dim)
            for side, patch, dim in zip(learned, patches, dims, strict=True)
        )
        self.dropout = nn.Dropout(dropout)
        spans = [max(small, large) + crossings for small, large, crossings in depths]
        rates = iter(drop_rates(drop_path, sum(spans)))
        self.blocks = nn.ModuleList(
            MultiScaleBlock(
                dims,
                heads,
                depth,
                mlp_ratios=mlp_ratios,
                rates=[next(rates) for _ in range(span)],
                qkv_bias=qkv_bias,
                eps=norm_eps,
                dropout=dropout,
            )
            for depth, span in zip(depths, spans, strict=True)
        )
        self.norm = nn.ModuleList(nn.LayerNorm(dim, norm_eps) for dim in dims)
        self.head: nn.Module = Heads(nn.Linear(dim, num_classes) for dim in dims)
        self._start()

    def _start(self) -> None:
        """Give linear maps and tables their first values; convolutions keep torch's."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for table in (*self.cls_token, *self.pos_embed):
            nn.init.trunc_normal_(table, std=0.02)

    def tokens(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return both branches' last states, class token first: ``(B, 1 + N, C)`` each.

        Raises:
            InputError: These are no images, or they have other channels.
        """
        if image.ndim != 4 or image.shape[1] != self.channels:
            wanted = f"(B, {self.channels}, H, W)"
            raise InputError(f"images are {tuple(image.shape)}; this model takes {wanted}")
        small, large = (self._embed(branch, image) for branch in (0, 1))
        for block in self.blocks:
            small, large = block(small, large)
        return small, large

    def _embed(self, branch: int, image: Tensor) -> Tensor:
        patches = self.patch_embed[branch](image)
        cls_token = self.cls_token[branch].expand(len(patches), -1, -1)
        positions = resize_positions(self.pos_embed[branch], self.grids[branch])
        return self.dropout(torch.cat([cls_token, patches], dim=1) + positions)

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the patches of both branches as maps, ``(B, C, size / patch, size / patch)``.

        `strides` are those of the branch's own image, whatever the size of `image`.
        """
        return [
            tokens_to_map(tokens[:, 1:], grid)
            for tokens, grid in zip(self.tokens(image), self.grids, strict=True)
        ]

    def features(self, image: Tensor) -> Tensor:
        """Return the normed class tokens of both branches, joined: ``(B, C0 + C1)``."""
        ends = zip(self.norm, self.tokens(image), strict=True)
        return torch.cat([norm(tokens[:, 0]) for norm, tokens in ends], dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the mean of both branches' logits, ``(B, classes)``, of ``(B, C, H, W)``."""
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the heads; the size only where a variant has such tables."""
        dims = [tensors[f"cls_token.{branch}"].shape[2] for branch in (0, 1)]
        first = "blocks.0.blocks.{}.0.mlp.fc1.bias"
        hidden = [len(tensors[first.format(branch)]) for branch in (0, 1)]
        is_plain = "patch_embed.0.proj.weight" in tensors
        options: dict[str, Any] = {
            "dims": dims,
            "depths": _depths(tensors),
            "mlp_ratios": [wide / dim for wide, dim in zip(hidden, dims, strict=True)],
            "stem": "patch" if is_plain else "conv",
            "qkv_bias": "blocks.0.blocks.0.0.attn.qkv.bias" in tensors,
            "num_classes": len(tensors["head.0.bias"]),
        }
        stem = "patch_embed.{}.proj.weight" if is_plain else "patch_embed.{}.proj.0.weight"
        stems = [tensors[stem.format(branch)].shape for branch in (0, 1)]
        options["channels"] = stems[0][1]
        if is_plain:
            options["patches"] = [shape[3] for shape in stems]
        return options | _image(cls.variants, options, tensors)


def _depths(tensors: Mapping[str, Tensor]) -> list[list[int]]:
    """Read blocks of both branches and crossings off every multi-scale block."""
    found = []
    for number in range(count(tensors, "blocks.*.projs.0.0.weight")):
        name = f"blocks.{number}"
        own = [count(tensors, f"{name}.blocks.{branch}.*.norm1.weight") for branch in (0, 1)]
        is_single = f"{name}.fusion.0.norm1.weight" in tensors
        crossings = 0 if is_single else count(tensors, f"{name}.fusion.0.*.norm1.weight")
        found.append([*own, crossings])
    return found


def _image(
    variants: Variants, seen: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> dict[str, Any]:
    """Return the size of the variant that has this stem and tables of this length, if any.

    A side that is no multiple of its patch leaves no trace in the tables, so it is not computed.
    """
    lengths = [tensors[f"pos_embed.{branch}"].shape[1] for branch in (0, 1)]
    patches = (12, 16)
    for variant in variants.values():
        sides = zip(_sides("image", variant["image"], patches), patches, strict=True)
        is_alike = [1 + (side // patch) ** 2 for side, patch in sides] == lengths
        has_patches = list(seen.get("patches", patches)) == list(patches)
        if is_alike and has_patches and seen["stem"] == variant["stem"]:
            return {"image": variant["image"]}
    return {}


def _sides(name: str, size: int | Sequence[int], patches: Sequence[int]) -> list[int]:
    """Return the side of each branch's image."""
    if isinstance(size, int):
        wanted = (size, size * 14 / 15)
        return [patch * round(side / patch) for side, patch in zip(wanted, patches, strict=True)]
    if len(size) != len(patches):
        raise UsageError(f"{name} is {list(size)}; give one number, or one for each branch")
    return list(size)


def _check(depths: Sequence[Sequence[int]], **pairs: Sequence[float]) -> None:
    for name, pair in pairs.items():
        if len(pair) != 2:
            raise UsageError(f"{name} is {list(pair)}; give one value for each of the two branches")
    for depth in depths:
        if len(depth) != 3 or min(depth[:2]) < 1 or depth[2] < 0:
            raise UsageError(
                f"depths has {list(depth)}; give the blocks of both branches, one or more each, "
                "and the number of crossings"
            )
    if not depths:
        raise UsageError("depths is empty; give one or more multi-scale blocks")

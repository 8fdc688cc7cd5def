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
from tk.nn import Model, Renames, Variants, count, drop_rates
from tk_vision.crossvit_blocks import Embedding, Heads, MultiScaleBlock


def _sizes(
    dim: int, heads: int, large: int, ratio: float, *, stem: str = "patch", high: bool = False
) -> dict[str, Any]:
    return {
        "images": [408, 384] if high else [240, 224],
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
        images: Side of the image in each branch.
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
        "crossvit-tiny": _sizes(96, 3, 4, 4.0),
        "crossvit-small": _sizes(192, 6, 4, 4.0),
        "crossvit-base": _sizes(384, 12, 4, 4.0),
        "crossvit-9": _sizes(128, 4, 3, 3.0),
        "crossvit-9-dagger": _sizes(128, 4, 3, 3.0, stem="conv"),
        "crossvit-15": _sizes(192, 6, 5, 3.0),
        "crossvit-15-dagger": _sizes(192, 6, 5, 3.0, stem="conv"),
        "crossvit-15-dagger-384": _sizes(192, 6, 5, 3.0, stem="conv", high=True),
        "crossvit-18": _sizes(224, 7, 6, 3.0),
        "crossvit-18-dagger": _sizes(224, 7, 6, 3.0, stem="conv"),
        "crossvit-18-dagger-384": _sizes(224, 7, 6, 3.0, stem="conv", high=True),
    }
    renames: ClassVar[Renames] = ((r"^(pos_embed|cls_token)_([01])$", r"\1.\2"),)  # timm's
    no_decay: ClassVar[Sequence[str]] = ("cls_token.*", "pos_embed.*")

    def __init__(
        self,
        *,
        images: Sequence[int],
        dims: Sequence[int],
        heads: Sequence[int],
        depths: Sequence[Sequence[int]],
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
        _check(
            depths, images=images, dims=dims, heads=heads, patches=patches, mlp_ratios=mlp_ratios
        )
        self.strides, self.widths = list(patches), list(dims)
        self.channels = channels
        embeddings = [
            Embedding(*sizes, channels=channels, stem=stem)
            for sizes in zip(images, patches, dims, strict=True)
        ]
        tokens = [1 + each.grid**2 for each in embeddings]
        self.patch_embed = nn.ModuleList(embeddings)
        self.cls_token = nn.ParameterList(torch.zeros(1, 1, dim) for dim in dims)
        self.pos_embed = nn.ParameterList(
            torch.zeros(1, number, dim) for number, dim in zip(tokens, dims, strict=True)
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
        return self.dropout(torch.cat([cls_token, patches], dim=1) + self.pos_embed[branch])

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the patches of both branches as maps, ``(B, C, image / patch, image / patch)``.

        Steps are those of the branch's own image, whatever the size of `image`.
        """
        maps = []
        for tokens, embedding in zip(self.tokens(image), self.patch_embed, strict=True):
            maps.append(tokens[:, 1:].transpose(1, 2).unflatten(2, (embedding.grid, -1)))
        return maps

    def features(self, image: Tensor) -> Tensor:
        """Return the normed class tokens of both branches, joined: ``(B, C0 + C1)``."""
        ends = zip(self.norm, self.tokens(image), strict=True)
        return torch.cat([norm(tokens[:, 0]) for norm, tokens in ends], dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the mean of both branches' logits, ``(B, classes)``, of ``(B, C, H, W)``."""
        return self.head(self.features(image))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the heads; sizes of images only where a variant has such tables."""
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
        return options | _images(cls.variants, options, tensors)


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


def _images(
    variants: Variants, seen: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> dict[str, Any]:
    """Return the sizes of the variant that has this stem and tables of this length, if any.

    A side that is no multiple of its patch leaves no trace in the tables, so it is not computed.
    """
    cells = [tensors[f"pos_embed.{branch}"].shape[1] - 1 for branch in (0, 1)]
    for variant in variants.values():
        sizes = variant["images"]
        grids = [size // patch for size, patch in zip(sizes, (12, 16), strict=True)]
        is_alike = seen["stem"] == variant["stem"] and seen.get("patches", [12, 16]) == [12, 16]
        if is_alike and [grid**2 for grid in grids] == cells:
            return {"images": sizes}
    return {}


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

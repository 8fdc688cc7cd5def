"""AdaptFormer (arXiv:2205.13535) for images: a frozen MAE ViT with an adapter in every block.

The model is our plain ViT with `adapters` installed; all but these and the head is frozen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tk.checkpoints.renaming import rename
from tk.nn import Renames, Variants
from tk_vision.adapters import Tuning, install
from tk_vision.vit import ViT

_SEPARATE = re.compile(r"\.attn\.q_proj\.(weight|bias)$")


class AdaptFormer(ViT):
    """Classify images with a frozen ViT whose adapters, prompts and head alone are trained.

    The authors' checkpoints load, and so do MAE's and timm's with ``fresh=["*adaptmlp*",
    "head.*"]``. `tk_vision.adapted.attach` does the same to any model of pre-norm blocks.

    Args:
        dim: Channels C of a token.
        depth: Blocks.
        heads: Heads of attention.
        bottleneck: Width r of an adapter; 0: no adapters.
        placement: ``parallel``: beside the perceptron, ``sequential``: after it.
        adapter_norm: Layer norm of the adapter's input (``in``), of its output (``out``), ``none``;
            tensors show that there is one, not which.
        adapter_scale: Factor of the adapter's output; None: learned, from 1.
        adapter_dropout: Rate between the adapter's two layers.
        prompts: Learned tokens that each block sees beside its own (VPT).
        head_norm: Whether the authors' batch norm without weights comes before the head.
        num_classes: Classes.
        options: As for `ViT`.
    """

    variants: ClassVar[Variants] = {
        f"adaptformer-{name.removeprefix('vit-')}": ViT.variants[name]
        for name in ("vit-b-16", "vit-l-16", "vit-h-14")
    }
    renames: ClassVar[Renames] = (
        *ViT.renames,
        (r"^(blocks\.\d+)\.(fc[12])\.", r"\1.mlp.\2."),
        (r"^embeddings\.(\d+)$", r"blocks.\1.prompts.table"),
    )

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
        bottleneck: int = 64,
        placement: str = "parallel",
        adapter_norm: str = "none",
        adapter_scale: float | None = 0.1,
        adapter_dropout: float = 0.1,
        prompts: int = 0,
        head_norm: bool = False,
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__(
            dim=dim,
            depth=depth,
            heads=heads,
            image=image,
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
        tuning = Tuning(
            bottleneck, placement, adapter_norm, adapter_scale, adapter_dropout, prompts
        )
        self.head = make_head(dim, num_classes, head_norm=head_norm)
        tune_only(self, tuning)

    @classmethod
    def convert(cls, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename, and join what the authors split: queries, keys and values."""
        return join_projections(rename(tensors, cls.renames))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read what `ViT` reads and what is trained; not the placement nor where the norm is."""
        found = super().config_from_state_dict(tensors) | read_tuning(tensors)
        return found


def make_head(dim: int, num_classes: int, *, head_norm: bool) -> nn.Module:
    """Return a linear head, with the authors' batch norm before it or not."""
    head = nn.Linear(dim, num_classes)
    nn.init.trunc_normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    return nn.Sequential(nn.BatchNorm1d(dim, affine=False, eps=1e-6), head) if head_norm else head


def tune_only(model: nn.Module, tuning: Tuning) -> None:
    """Freeze a model of ``blocks`` and ``head``, and install what is trained."""
    model.requires_grad_(False)
    for block in model.get_submodule("blocks").children():
        install(block, tuning)
    model.get_submodule("head").requires_grad_(True)


def join_projections(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with ``q_proj``, ``k_proj``, ``v_proj`` stacked as ``qkv``."""
    joined = dict(tensors)
    for name in tensors:
        if match := _SEPARATE.search(name):
            names = [name.replace(".q_proj.", f".{letter}_proj.") for letter in "qkv"]
            if all(each in joined for each in names):  # else placing names what is missing
                joined[f"{name[: match.start()]}.attn.qkv.{match[1]}"] = torch.cat(
                    [joined.pop(each) for each in names]
                )
    return joined


def read_tuning(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Read widths, counts, learned scales and the head's norm off tensors under our names."""
    down = tensors.get("blocks.0.adaptmlp.down_proj.weight")
    table = tensors.get("blocks.0.prompts.table")
    found: dict[str, Any] = {"head_norm": "head.0.running_mean" in tensors}
    if found["head_norm"] and "head.1.weight" in tensors:
        found["num_classes"] = len(tensors["head.1.weight"])
    if down is None and table is None:
        return found  # a model before adaptation: what is trained is the caller's to say
    found |= {"bottleneck": 0 if down is None else len(down)}
    found |= {"prompts": 0 if table is None else table.shape[1]}
    if "blocks.0.adaptmlp.scale" in tensors:
        found["adapter_scale"] = None
    return found

"""Vision transformer (arXiv:2010.11929) for small images, as a complete model file of tk.

Reads the checkpoints of DeiT and of timm's plain ViT, whose tensor names the renames below expect.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tk.nn import Attention, DropPath, Mlp, Model, PatchEmbed, Renames, Variants, count, drop_rates


class Block(nn.Module):
    """Pre-norm attention and perceptron (eq. 2 and 3): ``(B, N, C)`` to the same."""

    def __init__(self, dim: int, heads: int, mlp_ratio: float, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attention = Attention(dim, heads=heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attention(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class ViT(Model):
    """Classify square images of one size by a class token."""

    variants: ClassVar[Variants] = {
        "vit-tiny-28": {"image": 28, "patch": 7, "channels": 1, "dim": 32, "depth": 2, "heads": 4},
        "vit-tiny": {"dim": 192, "depth": 12, "heads": 3},
        "vit-small": {"dim": 384, "depth": 12, "heads": 6},
        "vit-base": {"dim": 768, "depth": 12, "heads": 12},
    }
    renames: ClassVar[Renames] = (
        (r"^patch_embed\.", "patches."),
        (r"^pos_embed$", "positions"),
        (r"^blocks\.(\d+)\.attn\.", r"blocks.\1.attention."),
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
        num_classes: int = 1000,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.patches = PatchEmbed(patch, dim, channels=channels)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = nn.Parameter(torch.zeros(1, 1 + (image // patch) ** 2, dim))
        rates = drop_rates(drop_path, depth)
        self.blocks = nn.Sequential(*[Block(dim, heads, mlp_ratio, rate) for rate in rates])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, num_classes)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.positions, std=0.02)

    def features(self, image: Tensor) -> Tensor:
        """Return the class token's last state, ``(B, C)``."""
        tokens = self.patches(image)
        x = torch.cat([self.cls_token.expand(len(tokens), -1, -1), tokens], dim=1)
        x = self.norm(self.blocks(x + self.positions))
        return x[:, 0]

    def forward(self, image: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of images ``(B, channels, S, S)``."""
        logits: Tensor = self.head(self.features(image))
        return logits

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but the number of heads, which the variant of this width and depth knows."""
        dim, channels, patch, _ = tensors["patches.proj.weight"].shape
        return {
            "dim": dim,
            "depth": count(tensors, "blocks.*.norm1.weight"),
            "image": patch * round((tensors["positions"].shape[1] - 1) ** 0.5),
            "patch": patch,
            "channels": channels,
            "mlp_ratio": len(tensors["blocks.0.mlp.fc1.bias"]) / dim,
            "num_classes": len(tensors["head.bias"]),
        }

"""AdaptFormer (arXiv:2205.13535) for videos: a frozen VideoMAE ViT with adapters.

Tokens are tubelets of a few frames, in order of time, row and column; their positions are fixed
sines of that one number, and the head reads their mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from tk.checkpoints.renaming import rename
from tk.errors import InputError, UsageError
from tk.nn import Model, Renames, Variants, count, drop_rates, taps, tokens_to_map
from tk_vision.adapters import Tuning
from tk_vision.adaptformer import join_projections, make_head, read_tuning, tune_only
from tk_vision.vit import EPS, Block

POOLS = ("mean", "first")
STARTS = ("normal", "zero")


class KeylessLinear(nn.Linear):
    """The map to queries, keys and values whose keys have no bias."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, 3 * dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        return linear(x, self.weight, bias)


class TubeletEmbed(nn.Module):
    """A convolution whose stride is its kernel: ``(B, C, T, H, W)`` to ``(B, N, dim)``."""

    def __init__(self, tubelet: int, patch: int, dim: int, *, channels: int) -> None:
        super().__init__()
        self.kernel = (tubelet, patch, patch)
        self.proj = nn.Conv3d(channels, dim, self.kernel, self.kernel)

    def forward(self, video: Tensor) -> Tensor:
        tokens: Tensor = self.proj(video)
        return tokens.flatten(2).transpose(1, 2)


class VideoAdaptFormer(Model):
    """Classify videos with a frozen ViT whose adapters, prompts and head alone are trained.

    Positions count tokens, so that a trained model makes sense at its own number of frames and
    size alone, though any multiples are taken.

    Args:
        dim: Channels C of a token.
        depth: Blocks.
        heads: Heads of attention.
        patch: Side of a tubelet.
        tubelet: Frames of a tubelet.
        channels: Channels of a frame.
        mlp_ratio: Hidden width over width.
        qkv_bias: Biases for queries and values; keys never have one.
        pool: What the head reads: ``mean`` of the tokens, normed after, or the ``first``.
        bottleneck: Width r of an adapter; 0: no adapters.
        placement: ``parallel``: beside the perceptron, ``sequential``: after it.
        adapter_norm: Layer norm of the adapter's input (``in``), of its output (``out``), ``none``;
            tensors show that there is one, not which.
        adapter_scale: Factor of the adapter's output; None: learned, from 1.
        adapter_dropout: Rate between the adapter's two layers.
        adapter_start: First weights of an adapter's last layer: ``normal`` as the authors' video
            code has them, or ``zero`` as for images, which leaves a fresh model's output alone.
        prompts: Learned tokens that each block sees beside its own (VPT).
        head_norm: Whether the authors' batch norm without weights comes before the head.
        head_start: Factor of the head's first weights.
        num_classes: Classes.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        "adaptformer-video-s-16": {"dim": 384, "depth": 12, "heads": 6},
        "adaptformer-video-b-16": {"dim": 768, "depth": 12, "heads": 12},
        "adaptformer-video-l-16": {"dim": 1024, "depth": 24, "heads": 16},
    }
    renames: ClassVar[Renames] = (
        (r"^(blocks\.\d+)\.(fc[12])\.", r"\1.mlp.\2."),
        (r"\.attn\.([qv])_bias$", r".attn.qkv.\1_bias"),
        (r"^embeddings\.(\d+)$", r"blocks.\1.prompts.table"),
    )

    def __init__(
        self,
        *,
        dim: int,
        depth: int,
        heads: int,
        patch: int = 16,
        tubelet: int = 2,
        channels: int = 3,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        pool: str = "mean",
        bottleneck: int = 64,
        placement: str = "parallel",
        adapter_norm: str = "none",
        adapter_scale: float | None = 0.1,
        adapter_dropout: float = 0.0,
        adapter_start: str = "normal",
        prompts: int = 0,
        head_norm: bool = False,
        head_start: float = 0.001,
        num_classes: int = 400,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        for word, value, known in (("pool", pool, POOLS), ("adapter_start", adapter_start, STARTS)):
            if value not in known:
                raise UsageError(f"{word} {value!r} is none of {', '.join(known)}")
        self.patch_embed = TubeletEmbed(tubelet, patch, dim, channels=channels)
        rates = drop_rates(drop_path, depth)
        self.blocks = nn.ModuleList(
            Block(dim, heads, mlp_ratio=mlp_ratio, qkv_bias=False, drop_path=rate) for rate in rates
        )
        if qkv_bias:
            for block in self.blocks:
                block.get_submodule("attn").qkv = KeylessLinear(dim)
        is_mean = pool == "mean"
        self.norm = nn.Identity() if is_mean else nn.LayerNorm(dim, eps=EPS)
        self.fc_norm = nn.LayerNorm(dim, eps=EPS) if is_mean else nn.Identity()
        self.pool = pool
        _draw(self)
        tuning = Tuning(
            bottleneck, placement, adapter_norm, adapter_scale, adapter_dropout, prompts
        )
        self.head = make_head(dim, num_classes, head_norm=head_norm)
        tune_only(self, tuning)
        if adapter_start == "normal":
            _draw(self)
        self._shrink_head(head_start)
        self.strides, self.widths = [patch] * 4, [dim] * 4

    def _shrink_head(self, factor: float) -> None:
        with torch.no_grad():
            for parameter in self.head.parameters():
                parameter.mul_(factor)

    def grid(self, video: Tensor) -> tuple[int, int, int]:
        """Return how many tubelets there are in time, rows and columns.

        Raises:
            InputError: They do not divide the video.
        """
        kernel, sizes = self.patch_embed.kernel, video.shape[2:]
        if len(sizes) != len(kernel) or any(s % k for s, k in zip(sizes, kernel, strict=True)):
            raise InputError(
                f"videos are {tuple(video.shape)}; this model takes (B, C, T, H, W) with T, H, W "
                f"multiples of {', '.join(map(str, kernel))}"
            )
        time, rows, columns = (s // k for s, k in zip(sizes, kernel, strict=True))
        return time, rows, columns

    def states(self, video: Tensor) -> list[Tensor]:
        """Return the tokens after every block, ``(B, N, C)``. Raises as `grid`."""
        self.grid(video)
        x, found = self.patch_embed(video), []
        x = x + sines(x.shape[1], x.shape[2]).to(x)
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return found

    def pyramid(self, video: Tensor) -> list[Tensor]:
        """Return maps after four evenly spaced blocks, ``(B, C, T / t, H / p, W / p)``."""
        states, grid = self.states(video), self.grid(video)
        return [tokens_to_map(states[number - 1], grid) for number in taps(len(states))]

    def features(self, video: Tensor) -> Tensor:
        """Return what the head reads, ``(B, C)``. Raises as `grid`."""
        x = self.norm(self.states(video)[-1])
        return self.fc_norm(x.mean(1) if self.pool == "mean" else x[:, 0])

    def forward(self, video: Tensor) -> Tensor:
        """Return logits ``(B, classes)`` of videos ``(B, channels, T, H, W)``. Raises as `grid`."""
        return self.head(self.features(video))

    @classmethod
    def convert(cls, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename, and join what the authors split: queries, keys and values."""
        return join_projections(rename(tensors, cls.renames))

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but heads, placement, where the adapter's norm is and its fixed scale."""
        dim, channels, tubelet, patch, _ = tensors["patch_embed.proj.weight"].shape
        found: dict[str, Any] = {
            "dim": dim,
            "depth": count(tensors, "blocks.*.norm1.weight"),
            "patch": patch,
            "tubelet": tubelet,
            "channels": channels,
            "mlp_ratio": len(tensors["blocks.0.mlp.fc1.bias"]) / dim,
            "qkv_bias": "blocks.0.attn.qkv.q_bias" in tensors,
            "pool": "mean" if "fc_norm.weight" in tensors else "first",
        }
        if "head.weight" in tensors:
            found["num_classes"] = len(tensors["head.weight"])
        return found | read_tuning(tensors)


@lru_cache(maxsize=4)
def sines(places: int, dim: int) -> Tensor:
    """Return the fixed positions ``(1, places, dim)``: sine in even channels, cosine in odd.

    Computed in float64 and rounded to float32, as the authors' numpy code does.
    """
    pair = torch.arange(dim, dtype=torch.float64) // 2
    angle = torch.arange(places, dtype=torch.float64)[:, None] / 10000 ** (2 * pair / dim)
    table = torch.where(torch.arange(dim) % 2 == 0, angle.sin(), angle.cos())
    return table.float()[None]


def _draw(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

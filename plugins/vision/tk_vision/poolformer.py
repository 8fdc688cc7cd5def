"""PoolFormer (arXiv:2111.11418): a MetaFormer whose mixer is average pooling (eq. 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor

from tk.errors import UsageError
from tk.nn import Renames, Variants
from tk_vision.metaformer import Backbone, MetaFormer, make_norm

_STAGES = range(4)
_TRANSFORMERS: Renames = (
    *((rf"^poolformer\.encoder\.block\.{i}\.", f"network.{2 * i}.") for i in _STAGES),
    (r"^poolformer\.encoder\.patch_embeddings\.0\.projection\.", "stem."),
    *(
        (
            rf"^poolformer\.encoder\.patch_embeddings\.{i}\.projection\.",
            f"network.{2 * i - 1}.proj.",
        )
        for i in _STAGES[1:]
    ),
    (r"\.before_norm\.", ".norm1."),
    (r"\.after_norm\.", ".norm2."),
    (r"\.output\.conv([12])\.", r".mlp.fc\1."),
    (r"^classifier\.", "head."),
)
_TIMM: Renames = (
    (r"^stem\.conv\.", "stem."),
    *((rf"^stages\.{i}\.blocks\.", f"network.{2 * i}.") for i in _STAGES),
    *((rf"^stages\.{i}\.downsample\.conv\.", f"network.{2 * i - 1}.proj.") for i in _STAGES[1:]),
    (r"\.layer_scale([12])\.scale$", r".layer_scale_\1"),
    (r"^head\.norm\.", "norm."),
    (r"^head\.fc\.", "head."),
)


class PoolFormer(MetaFormer):
    """A MetaFormer of pooling alone; checkpoints without weights of mixers are taken for one.

    Its authors' checkpoints load, and those of transformers and timm. The last map is normed before
    its mean is taken, as the authors do; timm norms the mean.
    """

    renames: ClassVar[Renames] = (*MetaFormer.renames, *_TRANSFORMERS, *_TIMM)
    variants: ClassVar[Variants] = {
        name: {"depths": depths, "dims": dims, "scale": scale}
        for name, depths, dims, scale in (
            # Ours, for few pictures of 32 to 96 pixels; the others are the paper's.
            ("poolformer-mini", [2, 2, 4, 2], [32, 64, 128, 192], 0.1),
            ("poolformer-s12", [2, 2, 6, 2], [64, 128, 320, 512], 1e-5),
            ("poolformer-s24", [4, 4, 12, 4], [64, 128, 320, 512], 1e-5),
            ("poolformer-s36", [6, 6, 18, 6], [64, 128, 320, 512], 1e-6),
            ("poolformer-m36", [6, 6, 18, 6], [96, 192, 384, 768], 1e-6),
            ("poolformer-m48", [8, 8, 24, 8], [96, 192, 384, 768], 1e-6),
        )
    }


class PoolFormerDense(Backbone):
    """Return normed maps of images of any size, for segmentation and detection.

    A classifier's checkpoint starts one with
    ``architecture="poolformer-dense", fresh=["norm*", "head.*"]``.

    Args:
        depths: Blocks of each stage.
        dims: Channels of each stage.
        mlp_ratios: Hidden width over width, of each stage.
        downsamples: As in `MetaFormer`.
        pool: Side of the neighbourhood, odd.
        scale: What the layers' scales start from; none: blocks have no scales.
        channels: Channels of the image.
        outputs: Numbers of the stages whose maps are returned, from 0.
        drop_path: Stochastic depth of the last block, linear from 0.
    """

    variants: ClassVar[Variants] = {
        name.replace("poolformer-", "poolformer-dense-"): options
        for name, options in PoolFormer.variants.items()
        if name != "poolformer-mini"
    }

    def __init__(
        self,
        *,
        depths: Sequence[int],
        dims: Sequence[int],
        mlp_ratios: Sequence[float] = (4.0,) * 4,
        downsamples: Sequence[bool] = (True,) * 4,
        pool: int = 3,
        scale: float | None = 1e-5,
        channels: int = 3,
        outputs: Sequence[int] = (0, 1, 2, 3),
        drop_path: float = 0.0,
    ) -> None:
        none = (0,) * len(depths)
        super().__init__(
            depths=depths,
            dims=dims,
            mixers=("pool",) * len(depths),
            norm="group",
            positions=none,
            mlp_ratios=mlp_ratios,
            downsamples=downsamples,
            head_dim=1,
            sides=none,
            pool=pool,
            scale=scale,
            channels=channels,
            drop_path=drop_path,
        )
        if not outputs or not set(outputs) <= set(range(len(depths))):
            raise UsageError(f"outputs are {list(outputs)} of {len(depths)} stages from 0")
        self.outputs = sorted(outputs)
        for stage in self.outputs:
            self.add_module(f"norm{self.stages[stage]}", make_norm("group", dims[stage]))

    @property
    def strides(self) -> list[int]:
        """Pixels of the image, in each direction, for one cell of each map of `pyramid`."""
        return [self.reductions[stage] for stage in self.outputs]

    @property
    def widths(self) -> list[int]:
        """Channels of each map of `pyramid`."""
        return [self.dims[stage] for stage in self.outputs]

    def pyramid(self, image: Tensor) -> list[Tensor]:
        """Return the normed map after each stage of `outputs`; errors as in `Backbone`."""
        maps = super().pyramid(image)
        return [
            self.get_submodule(f"norm{self.stages[stage]}")(maps[stage]) for stage in self.outputs
        ]

    def features(self, image: Tensor) -> Tensor:
        """Return the mean of the last map's cells, ``(B, C)``."""
        return self.pyramid(image)[-1].mean((2, 3))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return `pyramid`."""
        return self.pyramid(image)

    @classmethod
    def config_from_state_dict(cls, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Read all but pooling's size."""
        seen = super().config_from_state_dict(tensors)
        norms = sorted({int(n[4:].split(".")[0]) for n in tensors if n.startswith("norm")})
        stages = sorted({int(n.split(".")[1]) for n in tensors if n.endswith(".0.norm1.weight")})
        own = {name: value for name, value in seen.items() if name not in ("positions", "sides")}
        return {**own, "outputs": [stages.index(number) for number in norms]}

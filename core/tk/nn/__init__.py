"""The base of all models and the layers that two or more plugins use. Imports torch."""

from tk.checkpoints.renaming import Renames
from tk.checkpoints.shapes import count
from tk.nn.attention import Attention
from tk.nn.drop_path import DropPath, drop_rates
from tk.nn.feature_pyramid import FeaturePyramid
from tk.nn.isotropic import resize_positions, taps, tokens_to_map
from tk.nn.layer_scale import LayerScale
from tk.nn.mlp import Mlp
from tk.nn.model import Model, Variants
from tk.nn.patches import PatchEmbed
from tk.nn.position_bias import RelativePositionBias, relative_index
from tk.nn.windows import join_windows, shift_mask, split_windows

__all__ = [
    "Attention",
    "DropPath",
    "FeaturePyramid",
    "LayerScale",
    "Mlp",
    "Model",
    "PatchEmbed",
    "RelativePositionBias",
    "Renames",
    "Variants",
    "count",
    "drop_rates",
    "join_windows",
    "relative_index",
    "resize_positions",
    "shift_mask",
    "split_windows",
    "taps",
    "tokens_to_map",
]

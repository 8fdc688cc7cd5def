"""DuoFormer (arXiv:2506.12982). Read resnet, regions, transformer, model."""

from tk_vision.duoformer.model import DuoFormer
from tk_vision.duoformer.transformer import ScaleRegionTransformer

__all__ = ["DuoFormer", "ScaleRegionTransformer"]

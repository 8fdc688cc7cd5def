"""Random resized crops (arXiv:1409.4842, section 6) and mirrored pictures."""

from __future__ import annotations

import math

from PIL import Image, ImageOps

from tk_vision.augmentation.drawing import chance, uniform
from tk_vision.pictures.preprocessing import Preprocessor

_RATIOS = (3 / 4, 4 / 3)
_TRIALS = 10


def random_square(image: Image.Image, preprocessor: Preprocessor, least: float) -> Image.Image:
    """Return a random part of the picture as a square of the preprocessor's size.

    Args:
        image: In RGB.
        preprocessor: Says the size and the interpolation.
        least: Smallest share of the area; with 1, the part that evaluation sees.
    """
    if least >= 1:
        return preprocessor.square(image)
    size = (preprocessor.size, preprocessor.size)
    return image.resize(size, preprocessor.resampling, box=random_box(*image.size, least=least))


def random_box(width: int, height: int, *, least: float) -> tuple[float, float, float, float]:
    """Draw a rectangle of `least` to all of the area, 3 : 4 to 4 : 3, inside the picture.

    Ten trials; then the middle, as square as it must be.
    """
    low, high = math.log(_RATIOS[0]), math.log(_RATIOS[1])
    for _ in range(_TRIALS):
        area = width * height * uniform(least, 1)
        ratio = math.exp(uniform(low, high))
        wide, high_ = math.sqrt(area * ratio), math.sqrt(area / ratio)
        if wide <= width and high_ <= height:
            left, top = uniform(0, width - wide), uniform(0, height - high_)
            return left, top, left + wide, top + high_
    wide = min(width, height * _RATIOS[1])
    high_ = min(height, width / _RATIOS[0])
    left, top = (width - wide) / 2, (height - high_) / 2
    return left, top, left + wide, top + high_


def perhaps_mirrored(image: Image.Image, probability: float) -> Image.Image:
    """Mirror left and right with this probability."""
    return ImageOps.mirror(image) if probability and chance(probability) else image

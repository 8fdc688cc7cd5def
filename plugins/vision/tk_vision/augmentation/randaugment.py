"""RandAugment (arXiv:1909.13719): a few operations of one strength, drawn from a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PIL import Image, ImageEnhance, ImageOps

from tk_vision.augmentation.drawing import below, chance

Operation = Callable[[Image.Image, float], Image.Image]

_GREY = (128, 128, 128)
"""What comes in where a picture is moved away."""
_MOST_DEGREES, _MOST_SHEAR, _MOST_SHIFT, _MOST_CHANGE = 30.0, 0.3, 0.45, 0.9


def randaugment(image: Image.Image, count: int, magnitude: float) -> Image.Image:
    """Apply `count` operations, drawn with replacement.

    Args:
        image: In RGB.
        count: Operations.
        magnitude: 0 to 10; operations with a direction take either at random.
    """
    for _ in range(count):
        operation = OPERATIONS[below(len(OPERATIONS))]
        image = operation(image, magnitude / 10)
    return image


def _signed(strength: float) -> float:
    return -strength if chance(0.5) else strength


def _moved(image: Image.Image, matrix: tuple[float, ...]) -> Image.Image:
    how, smooth = Image.Transform.AFFINE, Image.Resampling.BILINEAR
    return image.transform(image.size, how, matrix, smooth, fillcolor=_GREY)


def _rotate(image: Image.Image, strength: float) -> Image.Image:
    degrees = _signed(strength * _MOST_DEGREES)
    return image.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=_GREY)


def _shear_x(image: Image.Image, strength: float) -> Image.Image:
    slope = _signed(strength * _MOST_SHEAR)
    return _moved(image, (1, slope, -slope * image.height / 2, 0, 1, 0))


def _shear_y(image: Image.Image, strength: float) -> Image.Image:
    slope = _signed(strength * _MOST_SHEAR)
    return _moved(image, (1, 0, 0, slope, 1, -slope * image.width / 2))


def _shift_x(image: Image.Image, strength: float) -> Image.Image:
    return _moved(image, (1, 0, _signed(strength * _MOST_SHIFT) * image.width, 0, 1, 0))


def _shift_y(image: Image.Image, strength: float) -> Image.Image:
    return _moved(image, (1, 0, 0, 0, 1, _signed(strength * _MOST_SHIFT) * image.height))


class _Enhancer(Protocol):
    def enhance(self, factor: float) -> Image.Image: ...


def _enhanced(kind: Callable[[Image.Image], _Enhancer]) -> Operation:
    def operation(image: Image.Image, strength: float) -> Image.Image:
        return kind(image).enhance(1 + _signed(strength * _MOST_CHANGE))

    return operation


def _posterize(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.posterize(image, 8 - round(4 * strength))


def _solarize(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.solarize(image, round(256 * (1 - strength)))


def _equalize(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.equalize(image)


def _autocontrast(image: Image.Image, strength: float) -> Image.Image:
    return ImageOps.autocontrast(image)


def _unchanged(image: Image.Image, strength: float) -> Image.Image:
    return image


OPERATIONS: tuple[Operation, ...] = (
    _unchanged,
    _autocontrast,
    _equalize,
    _rotate,
    _solarize,
    _posterize,
    _enhanced(ImageEnhance.Color),
    _enhanced(ImageEnhance.Contrast),
    _enhanced(ImageEnhance.Brightness),
    _enhanced(ImageEnhance.Sharpness),
    _shear_x,
    _shear_y,
    _shift_x,
    _shift_y,
)
"""The paper's fourteen."""

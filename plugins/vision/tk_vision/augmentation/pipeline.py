"""A training picture, from decoded to tensor, changed at random."""

from __future__ import annotations

from PIL import Image
from torch import Tensor

from tk_vision.augmentation.cropping import perhaps_mirrored, random_square
from tk_vision.augmentation.erasing import perhaps_erased
from tk_vision.augmentation.options import Augmentation
from tk_vision.augmentation.randaugment import randaugment
from tk_vision.pictures.preprocessing import Preprocessor


def augmented(image: Image.Image, preprocessor: Preprocessor, options: Augmentation) -> Tensor:
    """Return ``(3, S, S)``: cropped, perhaps mirrored, operated on, normalised, perhaps erased."""
    square = random_square(image, preprocessor, options.least)
    square = perhaps_mirrored(square, options.flip)
    square = randaugment(square, options.randaugment, options.magnitude)
    return perhaps_erased(preprocessor.scaled(square), options.erasing)

"""Random erasing (arXiv:1708.04896): a rectangle of a picture becomes noise."""

import math

import torch
from torch import Tensor

from tk_vision.augmentation.drawing import below, chance, uniform

_SHARES, _RATIO, _TRIALS = (0.02, 1 / 3), 0.3, 10


def perhaps_erased(image: Tensor, probability: float) -> Tensor:
    """With this probability, put normal noise into a rectangle of 2 to 33% of the area.

    Args:
        image: ``(C, H, W)``, normalised; it is changed.
        probability: Of erasing anything.
    """
    if not probability or not chance(probability):
        return image
    _, height, width = image.shape
    for _ in range(_TRIALS):
        area = height * width * uniform(*_SHARES)
        ratio = math.exp(uniform(math.log(_RATIO), -math.log(_RATIO)))
        tall, wide = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < tall <= height and 0 < wide <= width:
            top, left = below(height - tall + 1), below(width - wide + 1)
            hole = image[:, top : top + tall, left : left + wide]
            hole.copy_(torch.randn_like(hole))
            break
    return image

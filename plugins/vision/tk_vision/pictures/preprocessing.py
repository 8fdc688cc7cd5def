"""What happens to a picture between decoding and the model; saved beside the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tk.atomic import replacing
from tk.errors import InputError, UsageError
from tk.training import configured

FILE = "preprocessor_config.json"
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation that most published weights were trained with."""
_RESAMPLING = {name: Image.Resampling[name.upper()] for name in ("bicubic", "bilinear", "nearest")}
_LARGEST = 4096


@dataclass(frozen=True)
class Preprocessor:
    """How pictures become tensors.

    Attributes:
        size: Side of the square that the model sees.
        crop: Share of the shorter side that the square covers; the rest is cut off evenly.
        mean: Of each channel, 0 to 1, taken off.
        std: Of each channel, divided by.
        interpolation: ``bicubic``, ``bilinear`` or ``nearest``.
    """

    size: int = 224
    crop: float = 0.875
    mean: tuple[float, ...] = IMAGENET[0]
    std: tuple[float, ...] = IMAGENET[1]
    interpolation: str = "bicubic"

    def __post_init__(self) -> None:
        if not 1 <= self.size <= _LARGEST:
            raise UsageError(f"image size is {self.size}, must be 1 to {_LARGEST}")
        if not 0 < self.crop <= 1:
            raise UsageError(f"crop is {self.crop}, must be above 0, at most 1")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise UsageError(f"mean {self.mean} and std {self.std} must be three numbers, std > 0")
        if self.interpolation not in _RESAMPLING:
            raise UsageError(
                f"interpolation {self.interpolation!r} is none of {', '.join(_RESAMPLING)}"
            )

    @property
    def resampling(self) -> Image.Resampling:
        """Pillow's name of the interpolation."""
        return _RESAMPLING[self.interpolation]

    def square(self, image: Image.Image) -> Image.Image:
        """Return the middle square of a picture, resized to `size`, in one step."""
        width, height = image.size
        side = min(width, height) * self.crop
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
        return image.resize((self.size, self.size), self.resampling, box=box)

    def scaled(self, image: Image.Image) -> Tensor:
        """Return a square's tensor ``(3, S, S)``, normalised."""
        values = torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1) / 255
        mean, std = torch.tensor(self.mean), torch.tensor(self.std)
        return (values - mean[:, None, None]) / std[:, None, None]

    def __call__(self, image: Image.Image) -> Tensor:
        """Return the tensor ``(3, S, S)`` of a picture in RGB."""
        return self.scaled(self.square(image))

    def save(self, folder: Path) -> None:
        """Write it beside a model."""
        with replacing(folder / FILE) as stream:
            stream.write(json.dumps(asdict(self), indent=2).encode())


def read_preprocessor(folder: Path) -> Preprocessor | None:
    """Read what `Preprocessor.save` wrote; None where there is none.

    Raises:
        InputError: It is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        told: Mapping[str, Any] = {**json.loads(path.read_text("utf-8"))}
        return configured(Preprocessor, told, what=str(path))
    except (OSError, ValueError, TypeError, UsageError) as e:
        raise InputError(f"{path} cannot be used: {e}") from e

"""Labelled pictures as the map-style data that trainers read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from tk_vision.augmentation.mixing import draw_mix
from tk_vision.augmentation.options import Augmentation
from tk_vision.augmentation.pipeline import augmented
from tk_vision.pictures.decoding import decode
from tk_vision.pictures.picture import Picture
from tk_vision.pictures.preprocessing import Preprocessor

_BUDGET = 1 << 30
"""Bytes of decoded pictures that are kept: small sets are decoded once, large ones every epoch."""


class Examples:
    """Pictures with the numbers of their classes.

    Attributes:
        pictures: In order.
        labels: Number of each picture's class.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        labels: Sequence[int],
        make: Callable[[Image.Image], dict[str, Tensor]],
    ) -> None:
        self.pictures = list(pictures)
        self.labels = list(labels)
        self._make = make
        self._kept: dict[int, Image.Image] = {}
        self._left = _BUDGET

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Return ``image`` ``(3, S, S)`` and ``label``, and ``mix`` where batches are mixed."""
        found = self._make(self._decoded(index))
        return {**found, "label": torch.tensor(self.labels[index])}

    def _decoded(self, index: int) -> Image.Image:
        image = self._kept.get(index)
        if image is None:
            image = decode(self.pictures[index])
            size = 3 * image.width * image.height
            if size <= self._left:
                self._kept[index], self._left = image, self._left - size
        return image


@dataclass(frozen=True)
class Plain:
    """Makes an example for evaluation of a decoded picture."""

    preprocessor: Preprocessor

    def __call__(self, image: Image.Image) -> dict[str, Tensor]:
        return {"image": self.preprocessor(image)}


@dataclass(frozen=True)
class Changed:
    """Makes an example for training of a decoded picture, changed at random."""

    preprocessor: Preprocessor
    options: Augmentation

    def __call__(self, image: Image.Image) -> dict[str, Tensor]:
        found = {"image": augmented(image, self.preprocessor, self.options)}
        if self.options.mixup or self.options.cutmix:
            found["mix"] = draw_mix(self.options)
        return found

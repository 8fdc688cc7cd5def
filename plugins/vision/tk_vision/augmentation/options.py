"""How much training pictures are changed: presets, and each option by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tk.errors import NotFoundError, UsageError


@dataclass(frozen=True)
class Augmentation:
    """How training pictures are changed.

    Attributes:
        least: Smallest share of the picture's area that a random crop keeps; 1 crops the middle.
        flip: Chance of a mirrored picture; 0 for letters and digits.
        randaugment: Operations of RandAugment a picture (arXiv:1909.13719); 0 none.
        magnitude: Their strength, 0 to 10.
        erasing: Chance that a rectangle is noise (arXiv:1708.04896).
        mixup: Alpha of mixup (arXiv:1710.09412); 0 none.
        cutmix: Alpha of CutMix (arXiv:1905.04899); 0 none. With both, each batch takes turns.
        label_smoothing: Share of the target that goes to all classes alike.
    """

    least: float = 1.0
    flip: float = 0.0
    randaugment: int = 0
    magnitude: float = 9.0
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        for name in ("flip", "erasing"):
            self._demand(name, 0 <= getattr(self, name) <= 1, "from 0 to 1")
        self._demand("least", 0 < self.least <= 1, "above 0, at most 1")
        self._demand("label_smoothing", 0 <= self.label_smoothing < 1, "from 0 to below 1")
        self._demand("randaugment", 0 <= self.randaugment <= 10, "from 0 to 10")
        self._demand("magnitude", 0 <= self.magnitude <= 10, "from 0 to 10")
        for name in ("mixup", "cutmix"):
            self._demand(name, getattr(self, name) >= 0, "0 or more")

    def _demand(self, name: str, is_met: bool, what: str) -> None:
        if not is_met:
            raise UsageError(f"{name} is {getattr(self, name)!r}, must be {what}")


PRESETS: Mapping[str, Augmentation] = {
    "none": Augmentation(),
    "light": Augmentation(least=0.5, flip=0.5, mixup=0.2, label_smoothing=0.1),
    "strong": Augmentation(  # what DeiT (arXiv:2012.12877) and most of the papers here train with
        least=0.08,
        flip=0.5,
        randaugment=2,
        magnitude=9.0,
        erasing=0.25,
        mixup=0.8,
        cutmix=1.0,
        label_smoothing=0.1,
    ),
}
"""``light`` is for hundreds of small pictures and short runs, ``strong`` for long ones."""


def augmentation(preset: str, changes: Mapping[str, Any]) -> Augmentation:
    """Return a preset with some options replaced; those that are None stay.

    Raises:
        NotFoundError: There is no such preset.
    """
    if preset not in PRESETS:
        raise NotFoundError("augmentation", preset, PRESETS)
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(PRESETS[preset], **given)

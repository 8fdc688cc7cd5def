"""A trained or published model with what it needs to read pictures and to name classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tk import discover, load_checkpoint
from tk.entries import Kind
from tk.errors import InputError
from tk.models import architecture_of
from tk.nn import Model
from tk_vision.classifying.labels import CLASSES
from tk_vision.pictures.preprocessing import IMAGENET, Preprocessor, read_preprocessor

_SIZE, _CROP = 224, 0.9


@dataclass(frozen=True)
class Opened:
    """A model that is ready for pictures.

    Attributes:
        model: In eval mode.
        preprocessor: How pictures become its tensors.
        classes: Names of its classes; their numbers where nobody wrote names down.
        is_named: Whether somebody did.
    """

    model: Model
    preprocessor: Preprocessor
    classes: list[str]
    is_named: bool


def open_model(path: Path) -> Opened:
    """Open what `tk classify train` wrote, or a checkpoint as its authors published it.

    Without our files beside it, the model's own size and the mean and deviation that its manifest
    gives (else ImageNet's) hold.

    Raises:
        InputError: It cannot be read, or its files contradict each other.
    """
    model = load_checkpoint(path)
    folder = path if path.is_dir() else path.parent
    classes = _read_classes(folder)
    count = model.options.get("num_classes")
    if classes and isinstance(count, int) and count != len(classes):
        raise InputError(f"{folder / CLASSES} names {len(classes)} classes, the model has {count}")
    named = classes or [str(number) for number in range(count or 0)]
    preprocessor = read_preprocessor(folder) or usual_preprocessor(model)
    return Opened(model, preprocessor, named, bool(classes))


def usual_preprocessor(model: Model) -> Preprocessor:
    """Return what the published weights of an architecture want."""
    size = model.options.get("image", _SIZE)
    if isinstance(size, list | tuple):  # one for each branch, or height and width
        size = max(size)
    name = architecture_of(type(model))
    told: Mapping[str, Any] = discover().find(Kind.MODEL, name).meta if name else {}
    mean, std = told.get("mean", IMAGENET[0]), told.get("std", IMAGENET[1])
    return Preprocessor(
        size if isinstance(size, int) else _SIZE,
        float(told.get("crop", _CROP)),
        tuple(mean),
        tuple(std),
    )


def _read_classes(folder: Path) -> list[str]:
    path = folder / CLASSES
    if not path.is_file():
        return []
    try:
        names = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as e:
        raise InputError(f"{path} cannot be read: {e}") from e
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise InputError(f"{path} is no list of names")
    return names

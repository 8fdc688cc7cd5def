"""An encoder of pictures that is the body of a trained classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tk.errors import InputError
from tk.nn import Model
from tk_vision.classifying.opening import open_model
from tk_vision.embedding.items import Item, opened
from tk_vision.inference.running import Runner, Running


class Backbone:
    """What the head of a model reads (``features``), scaled to length 1.

    Attributes:
        dim: Length of every vector.
        identity: Names weights and preprocessing by their digest.
    """

    def __init__(self, model: str | Path, *, running: Running | None = None) -> None:
        """Open what `tk classify train` wrote, or a published checkpoint.

        Raises:
            InputError: It cannot be read, or the model has no features.
        """
        found = open_model(Path(model))
        if not callable(getattr(found.model, "features", None)):
            raise InputError(f"{model} is a {type(found.model).__name__}, which has no features")
        self._preprocessor = found.preprocessor
        size = found.preprocessor.size
        self._runner = Runner(
            found.model, size=size, running=running or Running(), method="features"
        )
        self.dim = int(self._runner.run(torch.zeros(1, 3, size, size)).shape[1])
        self.identity = f"backbone:{_digest(found.model)}:{found.preprocessor}"

    @property
    def batch_size(self) -> int:
        """Pictures at a time that suit the free memory."""
        return self._runner.batch_size

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Return one vector of length 1 per picture, ``(len(items), dim)``.

        Raises:
            PictureError: One cannot be decoded.
        """
        found = np.zeros((len(items), self.dim), dtype=np.float32)
        for start in range(0, len(items), batch_size):
            part = items[start : start + batch_size]
            images = torch.stack([self._preprocessor(opened(item)) for item in part])
            found[start : start + len(part)] = self._runner.run(images).numpy()
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.maximum(lengths, 1e-12)


def _digest(model: Model) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in model.state_dict().items():
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        values = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
        digest.update(values.numpy().data)
    return digest.hexdigest()

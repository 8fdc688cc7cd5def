"""An encoder of pictures that needs no weights: what a tiny copy looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tk_vision.embedding.items import Item, opened

_SIDE, _CHROMA = 16, 8
_FLOOR = 4.0
"""Grey levels that every picture has in common, so that one of a single grey has a direction."""


class Thumbnail:
    """Light and colour of a picture of 16 × 16 cells, without its mean brightness.

    Copies that were scaled, compressed again or made lighter have nearly the same vector; crops,
    turns and other views of a thing have not.

    Attributes:
        dim: 385.
        identity: Names the version of the computation.
    """

    dim = _SIDE**2 + 2 * _CHROMA**2 + 1
    identity = "thumbnail:1"

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Return one vector of length 1 per picture, ``(len(items), 385)``.

        Raises:
            PictureError: One cannot be decoded.
        """
        vectors = [_describe(opened(item)) for item in items]
        return np.array(vectors, dtype=np.float32).reshape(len(items), self.dim)


def _describe(image: Image.Image) -> NDArray[np.float64]:
    small = image.convert("YCbCr").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    cells = np.asarray(small, dtype=np.float64)
    light = cells[..., 0] - cells[..., 0].mean()
    step = _SIDE // _CHROMA
    colour = cells[..., 1:].reshape(_CHROMA, step, _CHROMA, step, 2).mean((1, 3)) - 128
    vector = np.concatenate([light.ravel(), step * colour.ravel(), [_FLOOR]])
    return vector / np.linalg.norm(vector)

"""A perceptual hash of 64 bits: which of a picture's low frequencies are above their median."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

_SIDE, _KEPT = 32, 8


def perceptual_hash(image: Image.Image) -> str:
    """Return sixteen hexadecimal digits; copies of a picture differ in few bits.

    The picture's light, 32 × 32, as a cosine transform; of its 8 × 8 lowest frequencies each bit
    says whether it is above their median (Zauner, 2010, section 3.2.1).
    """
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    lowest = dctn(np.asarray(small, dtype=np.float64), norm="ortho")[:_KEPT, :_KEPT].ravel()
    bits = lowest > np.median(lowest[1:])  # the first is the mean, which is far above all
    return np.packbits(bits).tobytes().hex()


def distances(hashes: list[str], other: str) -> NDArray[np.int64]:
    """Return the bits in which each of `hashes` differs from `other`, 0 to 64."""
    rows = np.array([list(bytes.fromhex(each)) for each in hashes], dtype=np.uint8).reshape(-1, 8)
    differs = rows ^ np.frombuffer(bytes.fromhex(other), dtype=np.uint8)
    return np.unpackbits(differs, axis=1).sum(1).astype(np.int64)

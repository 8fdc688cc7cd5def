"""Any mode of Pillow's to 8-bit RGB: deep greys, palettes, transparency, CMYK, Lab."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

_PAPER = (255, 255, 255)
"""What shows through transparent cells: most such pictures are made for white pages."""
_DEEP = ("I", "F")
_TOPS = (1.0, 255.0, 65535.0)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return the picture upright, opaque and in RGB.

    Turned as its EXIF says; transparent cells lie on white; 16-bit values are divided by 257;
    32-bit ones by the least of 1, 255 and 65535 that holds them all, over 255.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(_DEEP):
        image = Image.fromarray(_shallow(np.asarray(image), image.mode))
    if image.mode == "LAB":
        image = _from_lab(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, _PAPER)
        image = Image.alpha_composite(paper, image)
    return image.convert("RGB")


def _shallow(values: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    """Return 8-bit greys; the same factor for all pictures of one depth keeps them comparable."""
    known = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    highest = float(known.max(initial=0.0))
    if mode.startswith("I;16"):
        top = _TOPS[-1]
    else:
        tops = _TOPS if mode == "F" else _TOPS[1:]
        top = next((top for top in tops if highest <= top), highest)
    return np.rint(known.clip(0, top) * (255 / top)).astype(np.uint8)


def _from_lab(image: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    found = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
    assert found is not None  # only where a picture is changed in place
    return found

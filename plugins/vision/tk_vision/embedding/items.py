"""What encoders of pictures take."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tk_vision.pictures.decoding import decode, decode_bytes
from tk_vision.pictures.modes import to_rgb
from tk_vision.pictures.picture import Picture

Item = Path | str | bytes | Image.Image
"""A file, its bytes, or a picture that Pillow has opened."""


def opened(item: Item) -> Image.Image:
    """Return the picture in RGB.

    Raises:
        PictureError: It cannot be decoded.
    """
    if isinstance(item, Image.Image):
        return item if item.mode == "RGB" else to_rgb(item)
    if isinstance(item, bytes):
        return decode_bytes(item, "(bytes)")
    return decode(Picture(str(item), Path(item)))

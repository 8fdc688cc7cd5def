"""Bytes to pixels, and every way in which that can fail to one error that names the picture."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError

from tk_vision.pictures.modes import to_rgb
from tk_vision.pictures.picture import Picture, PictureError

MOST_PIXELS = 89_478_485
"""A quarter of a gigabyte once decoded, where Pillow begins to warn: larger files are bombs."""


def decode(picture: Picture, *, shorter: int = 0) -> Image.Image:
    """Return the picture in RGB, upright.

    Args:
        picture: What to decode.
        shorter: Where the file allows it (JPEG), decode to a smaller picture, of at least so many
            cells on either side; 0 decodes all.

    Raises:
        PictureError: It is empty, truncated, damaged, no picture, or too large.
    """
    return decode_bytes(picture.read(), picture.name, shorter=shorter)


def decode_bytes(data: bytes, name: str, *, shorter: int = 0) -> Image.Image:
    """Return the picture that `data` holds; see `decode`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged EXIF and the like; bombs are refused below
            with Image.open(io.BytesIO(data)) as image:
                _check_size(image, name)
                if shorter:
                    image.draft("RGB", (shorter, shorter))
                return to_rgb(image)
    except PictureError:
        raise
    except UnidentifiedImageError as e:
        raise PictureError(name, "it is no picture that Pillow can read") from e
    except Image.DecompressionBombError as e:
        raise PictureError(name, f"it has too many pixels (at most {MOST_PIXELS:,})") from e
    except MemoryError as e:
        raise PictureError(name, "there is not enough memory to decode it") from e
    except Exception as e:  # Pillow's readers raise nearly anything on damaged files
        raise PictureError(name, f"it is damaged ({_reason(e)})") from e


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        reason = f"it has {width:,} × {height:,} pixels, more than {MOST_PIXELS:,}; make it smaller"
        raise PictureError(name, reason)


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    return text[:1].lower() + text[1:] if text else type(error).__name__

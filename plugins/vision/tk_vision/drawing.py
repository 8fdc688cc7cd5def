"""A sheet to draw on with Pillow: lines, boxes, words and pictures, at twice the size."""

from __future__ import annotations

import io
import math
from contextlib import suppress
from functools import cache

from PIL import Image, ImageDraw, ImageFont

INK, MUTED = "#1c2330", "#5b6472"
_SCALE = 2
_PIXELS = 12
_FONTS = ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf")
"""Of systems, looked for where a name is not ASCII: Pillow's own font has few letters."""


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def _system_font() -> Font | None:
    for name in _FONTS:
        with suppress(OSError):
            return ImageFont.truetype(name, _PIXELS * _SCALE)
    return None


class Sheet:
    """A white sheet in units of which each is two pixels wide."""

    def __init__(self, width: float, height: float) -> None:
        size = (math.ceil(width * _SCALE), math.ceil(height * _SCALE))
        self.image = Image.new("RGB", size, "#ffffff")
        self._pen = ImageDraw.Draw(self.image)
        self._plain = ImageFont.load_default(_PIXELS * _SCALE)

    def line(self, points: list[tuple[float, float]], colour: str, width: float = 1.0) -> None:
        """Draw through points."""
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._pen.line(scaled, colour, round(width * _SCALE), joint="curve")

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        """Fill a box."""
        edges = [left * _SCALE, top * _SCALE, right * _SCALE - 1, bottom * _SCALE - 1]
        self._pen.rectangle(edges, fill=colour)

    def text(
        self, x: float, y: float, text: str, colour: str = MUTED, *, anchor: str = "ls"
    ) -> None:
        """Write; `anchor` is Pillow's: ``l``, ``m`` or ``r``, then ``s`` for the baseline."""
        self._pen.text((x * _SCALE, y * _SCALE), text, colour, self._font(text), anchor)

    def upright(self, x: float, y: float, text: str, colour: str = MUTED) -> None:
        """Write from `y` upwards, with the middle of the letters at `x`."""
        font = self._font(text)
        width = round(font.getlength(text)) + _SCALE
        tile = Image.new("RGB", (width, (_PIXELS + 4) * _SCALE), "#ffffff")
        pen = ImageDraw.Draw(tile)
        pen.text((0, tile.height / 2), text, colour, font, "lm")
        turned = tile.rotate(90, expand=True)
        at = (round(x * _SCALE - turned.width / 2), round(y * _SCALE - turned.height))
        self.image.paste(turned, at)

    def paste(self, picture: Image.Image, left: float, top: float) -> None:
        """Put a picture there, two of its cells to a unit."""
        self.image.paste(picture, (round(left * _SCALE), round(top * _SCALE)))

    def wide(self, text: str) -> float:
        """Return the width of a text."""
        return self._font(text).getlength(text) / _SCALE

    def _font(self, text: str) -> Font:
        """Return Pillow's own font, or one of the system's for letters that it lacks."""
        return self._plain if text.isascii() else _system_font() or self._plain

    def png(self) -> bytes:
        """Return the sheet as a file."""
        out = io.BytesIO()
        self.image.save(out, "PNG", optimize=True)
        return out.getvalue()


def shortened(text: str, most: int = 24) -> str:
    """Cut a long name in the middle."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"

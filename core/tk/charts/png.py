"""Charts as PNG, drawn by Pillow at twice the size so that lines are smooth."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING

from tk.charts.drawing import THEMES, Dot, Path, Words, draw
from tk.charts.marks import Chart
from tk.errors import MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

_SCALE, _SMOOTH = 2, 2
"""Pixels for each of the drawing's, and how many more are drawn and averaged."""
_DASH = (5.0, 4.0)

Colour = tuple[int, int, int]


def to_png(*charts: Chart, columns: int = 2, width: float = 520, height: float = 360) -> bytes:
    """Return all charts as one picture in the light theme, at twice their `width` and `height`.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise MissingExtraError("writing PNG pictures", "png") from error
    drawing = draw(charts, width=width, height=height, columns=columns)
    size = (round(drawing.width * _SCALE), round(drawing.height * _SCALE))
    large = (size[0] * _SMOOTH, size[1] * _SMOOTH)
    sheet = Image.new("RGB", large, _colour("paper"))
    for shape in drawing.shapes:
        if isinstance(shape, Path):
            _path(sheet, shape)
        elif isinstance(shape, Dot):
            _dot(sheet, shape)
        else:
            _words(sheet, shape)
    out = io.BytesIO()
    sheet.resize(size, Image.Resampling.BOX).save(out, "PNG", optimize=True)
    return out.getvalue()


def _colour(role: str) -> Colour:
    text = next(colour for name, colour in THEMES["light"].items() if name == role)
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _mixed(role: str, opacity: float) -> Colour:
    pairs = zip(_colour(role), _colour("paper"), strict=True)
    red, green, blue = (round(opacity * ink + (1 - opacity) * paper) for ink, paper in pairs)
    return red, green, blue


def _path(sheet: Image, path: Path) -> None:
    from PIL import ImageDraw  # noqa: PLC0415 - an optional part

    pen, scale = ImageDraw.Draw(sheet), _SCALE * _SMOOTH
    points = [(x * scale, y * scale) for x, y in path.points]
    if path.is_filled:
        pen.polygon(points, fill=_mixed(path.role, path.opacity))
        return
    width = max(round(path.width * scale), 1)
    for part in _dashes(points, scale) if path.is_dashed else [points]:
        pen.line(part, fill=_colour(path.role), width=width, joint="curve")


def _dashes(points: list[tuple[float, float]], scale: int) -> list[list[tuple[float, float]]]:
    """Cut a line into dashes, segment by segment."""
    parts, on, left = [], True, _DASH[0] * scale
    for (x, y), (to_x, to_y) in pairwise(points):
        length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
        done = 0.0
        while done < length:
            end = min(done + left, length)
            if on:
                ends = ((done / length), (end / length))
                parts.append([(x + s * (to_x - x), y + s * (to_y - y)) for s in ends])
            left -= end - done
            done = end
            if left <= 0:
                on = not on
                left = _DASH[0 if on else 1] * scale
    return parts


def _dot(sheet: Image, dot: Dot) -> None:
    from PIL import ImageDraw  # noqa: PLC0415 - an optional part

    scale = _SCALE * _SMOOTH
    x, y, radius = dot.x * scale, dot.y * scale, dot.radius * scale
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(sheet).ellipse(box, fill=_colour(dot.role))


def _words(sheet: Image, words: Words) -> None:
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - an optional part

    scale = _SCALE * _SMOOTH
    font = ImageFont.load_default(words.size * scale)
    colour = _colour(words.role)
    bold = scale // 4 if words.is_bold else 0
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[words.anchor]
    at = (words.x * scale, words.y * scale)
    if not words.is_upright:
        pen = ImageDraw.Draw(sheet)
        pen.text(at, words.text, colour, font, anchor, stroke_width=bold)
        return
    left, top, right, bottom = font.getbbox(words.text)
    label = Image.new("L", (round(right - left) + 2, round(bottom - top) + 2))
    ImageDraw.Draw(label).text((-left, -top), words.text, 255, font)
    label = label.rotate(90, expand=True)
    corner = (round(at[0] - label.width), round(at[1] - label.height / 2))
    sheet.paste(Image.new("RGB", label.size, colour), corner, label)

"""A chart of forecasts without a plotting library: shapes in pixels, as SVG, HTML or PNG.

The PNG is drawn by Pillow at twice the size. Colours are fit for both eyes and printers.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

import numpy as np
from numpy.typing import NDArray

from tk.errors import MissingExtraError

_WIDTH, _HEIGHT = 900, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 16, 34, 30
_INK, _MUTED, _GRID, _PAST, _AHEAD = "#1c2330", "#5b6472", "#e3e7ed", "#5b6472", "#1f6fd1"
_BANDS = ("#a9c9f0", "#d5e5f8")
"""Fill of the narrowest interval and of wider ones."""
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
_SCALE = 2

Floats = NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True)
class Outlook:
    """What one panel of the chart shows.

    Attributes:
        name: Of the series.
        past_times: Of the values before.
        past: These values.
        times: Of the forecast.
        forecast: Its values.
        bounds: Lower and upper bounds by level in percent, narrowest first.
    """

    name: str
    past_times: Sequence[datetime]
    past: Floats
    times: Sequence[datetime]
    forecast: Floats
    bounds: Sequence[tuple[float, Floats, Floats]]


@dataclass(frozen=True)
class _Line:
    points: tuple[Point, ...]
    colour: str
    width: float = 1.0
    is_filled: bool = False


@dataclass(frozen=True)
class _Text:
    at: Point
    text: str
    colour: str = _MUTED
    anchor: str = "start"
    is_bold: bool = False


_Shape = _Line | _Text


def to_svg(title: str, outlooks: Sequence[Outlook]) -> str:
    """Return one SVG file, a panel for each series under the other."""
    height = _HEIGHT * len(outlooks)
    body = "".join(map(_element, _shapes(outlooks)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="{_FONT}" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'
    )


def to_html(title: str, outlooks: Sequence[Outlook], tables: Sequence[str] = ()) -> str:
    """Return a page that needs no network: the chart, and preformatted `tables` under it."""
    texts = "".join(f"<pre>{escape(table)}</pre>" for table in tables)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>body{{margin:1.5rem auto;max-width:{_WIDTH}px;"
        f"padding:0 1rem;font-family:{_FONT};color:{_INK};background:#fff}}"
        "svg{max-width:100%;height:auto}pre{overflow-x:auto}</style></head>"
        f"<body><h1>{escape(title)}</h1>{to_svg(title, outlooks)}{texts}</body></html>\n"
    )


def to_png(outlooks: Sequence[Outlook]) -> bytes:
    """Return the chart as a picture.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - an extra
    except ImportError as e:
        raise MissingExtraError("writing PNG pictures", "png") from e
    sheet = Image.new("RGB", (_WIDTH * _SCALE, _HEIGHT * len(outlooks) * _SCALE), "#ffffff")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12 * _SCALE)
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for shape in _shapes(outlooks):
        if isinstance(shape, _Text):
            x, y = shape.at
            at = (x * _SCALE, y * _SCALE)
            anchor, bold = anchors[shape.anchor], int(shape.is_bold)
            pen.text(at, shape.text, shape.colour, font, anchor, stroke_width=bold)
            continue
        points = [(x * _SCALE, y * _SCALE) for x, y in shape.points]
        if shape.is_filled:
            pen.polygon(points, fill=shape.colour)
        else:
            pen.line(points, shape.colour, round(shape.width * _SCALE), joint="curve")
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()


def _shapes(outlooks: Sequence[Outlook]) -> Iterator[_Shape]:
    for number, outlook in enumerate(outlooks):
        yield from _panel(outlook, number * _HEIGHT)


def _panel(outlook: Outlook, top: float) -> Iterator[_Shape]:
    values = [outlook.past, outlook.forecast, *(b for _, *pair in outlook.bounds for b in pair)]
    low, high = float(np.concatenate(values).min()), float(np.concatenate(values).max())
    ticks = _ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    start, end = outlook.past_times[0], outlook.times[-1]

    def at(moment: datetime, value: float) -> Point:
        share = (moment - start) / max(end - start, timedelta(microseconds=1))
        height = _HEIGHT - _TOP - _BOTTOM
        level = (value - low) / (high - low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT), top + _TOP + (1 - level) * height

    def line(moments: Sequence[datetime], numbers: Floats) -> tuple[Point, ...]:
        return tuple(at(m, float(n)) for m, n in zip(moments, numbers, strict=True))

    yield _Text((_LEFT, top + 20), outlook.name, _INK, is_bold=True)
    yield _Text((_WIDTH - _RIGHT, top + 20), _legend(outlook), _MUTED, "end")
    for tick in ticks:
        (x, y), (far, _) = at(start, tick), at(end, tick)
        yield _Line(((x, y), (far, y)), _GRID)
        yield _Text((_LEFT - 6, y + 4), f"{tick:,.6g}", _MUTED, "end")
    for moment, anchor in (
        (start, "start"),
        (start + (end - start) / 2, "middle"),
        (end, "end"),
    ):
        x, y = at(moment, low)
        yield _Text((x, y + 18), f"{moment:%Y-%m-%d %H:%M}", _MUTED, anchor)
    for place, (_, bottom, upper) in reversed(list(enumerate(outlook.bounds))):
        colour = _BANDS[min(place, len(_BANDS) - 1)]
        there, back = line(outlook.times, upper), line(outlook.times, bottom)[::-1]
        yield _Line((*there, *back), colour, is_filled=True)
    yield _Line(line(outlook.past_times, outlook.past), _PAST, 1.5)
    joined = [outlook.past_times[-1], *outlook.times]
    yield _Line(line(joined, np.concatenate([outlook.past[-1:], outlook.forecast])), _AHEAD, 2.0)


def _legend(outlook: Outlook) -> str:
    levels = ", ".join(f"{level:g}%" for level, _, _ in outlook.bounds)
    return "grey: past, blue: forecast" + (f", shaded: {levels}" if levels else "")


def _ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round values between `low` and `high`, at least two."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1.0, 2.0, 2.5, 5.0, 10.0) if s * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)]


def _element(shape: _Shape) -> str:
    if isinstance(shape, _Text):
        x, y = shape.at
        bold = ' font-weight="600"' if shape.is_bold else ""
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" fill="{shape.colour}" text-anchor="{shape.anchor}"'
            f"{bold}>{escape(shape.text)}</text>"
        )
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shape.points)
    if shape.is_filled:
        return f'<path d="{path}Z" fill="{shape.colour}"/>'
    return f'<path d="{path}" fill="none" stroke="{shape.colour}" stroke-width="{shape.width:g}"/>'

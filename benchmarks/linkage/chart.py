"""Lines over two logarithmic axes, as SVG written by hand: no library for one picture."""

import math
from collections.abc import Mapping, Sequence
from html import escape

_COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#8d6a9f")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _GAP = 400, 300, 52, 44, 40, 16

Line = Sequence[tuple[float, float]]
"""Points ``(x, y)``, both above 0."""


def svg(panels: Mapping[str, Mapping[str, Line]], *, below: str) -> str:
    """Return a picture of panels side by side, each with its named lines.

    Args:
        panels: Lines by name, by the panel's title. One name has one colour in every panel.
        below: What the horizontal axes count.
    """
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    colours = {name: _COLOURS[n % len(_COLOURS)] for n, name in enumerate(names)}
    width = _WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{_HEIGHT}" fill="white"/>',
    ]
    for n, (title, lines) in enumerate(panels.items()):
        parts.append(f'<g transform="translate({n * _WIDTH},0)">')
        parts += [*_panel(title, lines, colours, below), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(
    title: str, lines: Mapping[str, Line], colours: Mapping[str, str], below: str
) -> list[str]:
    points = [point for line in lines.values() for point in line]
    across = _Axis([x for x, _ in points], _LEFT, _WIDTH - _GAP)
    up = _Axis([y for _, y in points], _HEIGHT - _BOTTOM, _TOP)
    middle = (_LEFT + _WIDTH - _GAP) / 2
    parts = [
        f'<text x="{middle}" y="18" text-anchor="middle" font-weight="bold">{escape(title)}</text>',
        f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(below)}</text>',
    ]
    for tick in across.ticks():
        x = across(tick)
        parts.append(_grid(x, _TOP, x, _HEIGHT - _BOTTOM))
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
                     f"{tick:,.0f}</text>")  # fmt: skip
    for tick in up.ticks():
        y = up(tick)
        parts.append(_grid(_LEFT, y, _WIDTH - _GAP, y))
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for n, (name, line) in enumerate(lines.items()):
        way = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
        colour = colours[name]
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>'
                  for x, y in line]  # fmt: skip
        parts.append(f'<text x="{_LEFT + 8}" y="{_TOP + 14 + 16 * n}" fill="{colour}">'
                     f"{escape(name)}</text>")  # fmt: skip
    return parts


class _Axis:
    """A logarithmic axis over whole powers of ten, from one place of the picture to another."""

    def __init__(self, values: Sequence[float], start: float, stop: float) -> None:
        self._low = math.floor(math.log10(min(values)))
        self._high = max(math.ceil(math.log10(max(values))), self._low + 1)
        self._start, self._stop = start, stop

    def __call__(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._stop - self._start)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'

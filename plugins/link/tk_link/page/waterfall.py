"""Bars for the rows of a table: how far a sum went, step by step, or a share of a whole.

Each bar is a small SVG whose coordinates are percentages. It takes the width of its cell on any
screen, and unlike a background it is printed. The numbers stand beside it, so it is hidden from
readers of the text.
"""

from __future__ import annotations

from markupsafe import Markup

from tk_link.page.content import Example, Step

_LEAST = 0.6
"""Width of the smallest bar, in percent of the cell."""


def bar(example: Example, step: Step) -> Markup:
    """Draw one step of the sum, from where the last one ended; zero is a thin rule."""
    spread = max(example.high - example.low, 1e-9)
    bits = step.bits or 0.0
    start, end = sorted((step.start, step.start + bits))
    left, right = ((at - example.low) / spread * 100 for at in (start, end))
    role = "none" if step.bits is None else "up" if bits >= 0 else "down"
    return _svg(left, max(right - left, _LEAST), role, -example.low / spread * 100)


def total_bar(example: Example) -> Markup:
    """Draw the whole sum, from zero."""
    return bar(example, Step("score", example.score, 0.0))


def share_bar(share: float) -> Markup:
    """Draw a share of a whole, 0..1."""
    return _svg(0.0, max(share * 100, _LEAST), "share", None)


def _svg(left: float, width: float, role: str, zero: float | None) -> Markup:
    left = min(left, 100 - width)
    rule = "" if zero is None else f'<rect class="zero" x="{zero:.2f}%" width="1" height="100%"/>'
    return Markup(
        '<svg class="bar" aria-hidden="true" focusable="false">'
        f'{rule}<rect class="{role}" x="{left:.2f}%" y="15%" width="{width:.2f}%" height="70%" '
        'rx="2"/></svg>'
    )

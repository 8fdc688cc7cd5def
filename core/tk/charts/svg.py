"""Charts as SVG that follows the reader's light or dark theme and can be read aloud."""

from __future__ import annotations

from html import escape

from tk.charts.drawing import THEMES, Dot, Drawing, Path, Shape, Words, draw
from tk.charts.marks import Chart

_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"


def _style() -> str:
    """Write the colours as custom properties; a page may set others, or force one theme.

    ``<html data-theme="dark">`` or ``light`` goes before what the system prefers.
    """
    light, dark = (
        ";".join(f"--chart-{role}:{colour}" for role, colour in THEMES[name].items())
        for name in ("light", "dark")
    )
    roles = "".join(f".tk-chart .{r}{{--c:var(--chart-{r})}}" for r in THEMES["light"])
    return (
        f".tk-chart{{{light};max-width:100%;height:auto;font-family:{_FONT}}}"
        f"@media (prefers-color-scheme:dark){{.tk-chart{{{dark}}}}}"
        f":root[data-theme=light] .tk-chart{{{light}}}"
        f":root[data-theme=dark] .tk-chart{{{dark}}}"
        f"@media print{{.tk-chart{{{light}}}}}"
        f"{roles}"
        ".tk-chart path{fill:none;stroke:var(--c);stroke-linejoin:round}"
        ".tk-chart path.fill{fill:var(--c);stroke:none}"
        ".tk-chart circle,.tk-chart text,.tk-chart rect{fill:var(--c)}"
    )


STYLE = _style()
"""The style that `inline` charts need, once a page."""


def to_svg(*charts: Chart, columns: int = 2, width: float = 520, height: float = 360) -> str:
    """Return one SVG file of all charts, in rows of `columns`, on paper of its own."""
    drawing = draw(charts, width=width, height=height, columns=columns)
    title = "; ".join(chart.title for chart in charts)
    words = " ".join(chart.description for chart in charts)
    paper = f'<rect class="paper" width="{drawing.width:g}" height="{drawing.height:g}"/>'
    return _document(drawing, title, words, f"<style>{STYLE}</style>{paper}")


def inline(chart: Chart, *, width: float = 520, height: float = 360) -> str:
    """Return a chart as an element for a page that has `STYLE`; no paper of its own."""
    return _document(draw([chart], width=width, height=height), chart.title, chart.description, "")


def _document(drawing: Drawing, title: str, words: str, before: str) -> str:
    size = f"{drawing.width:g} {drawing.height:g}"
    width, height = size.split()
    body = "".join(_element(shape) for shape in drawing.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tk-chart" role="img" '
        f'viewBox="0 0 {size}" width="{width}" height="{height}">'
        f"<title>{escape(title)}</title><desc>{escape(words)}</desc>{before}{body}</svg>\n"
    )


def _element(shape: Shape) -> str:
    match shape:
        case Path(points, role):
            line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            if shape.is_filled:
                return f'<path class="{role} fill" opacity="{shape.opacity:g}" d="{line}Z"/>'
            dash = ' stroke-dasharray="5 4"' if shape.is_dashed else ""
            return f'<path class="{role}" stroke-width="{shape.width:g}"{dash} d="{line}"/>'
        case Dot(x, y, role, radius):
            return f'<circle class="{role}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'
        case Words(x, y, text, role, anchor, size):
            turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if shape.is_upright else ""
            bold = ' font-weight="600"' if shape.is_bold else ""
            return (
                f'<text class="{role}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" '
                f'text-anchor="{anchor}"{bold}{turn}>{escape(text)}</text>'
            )

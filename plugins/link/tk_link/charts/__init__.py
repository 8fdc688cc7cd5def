"""Small charts without a plotting library: marks -> axis -> drawing -> svg, png, figure."""

from tk_link.charts.axis import Axis, around
from tk_link.charts.figure import FIGURE_STYLE, to_figure, to_page
from tk_link.charts.marks import Band, Bars, Chart, Line, Points, Rule, Step
from tk_link.charts.png import to_png
from tk_link.charts.svg import STYLE, inline, to_svg

__all__ = [
    "FIGURE_STYLE",
    "STYLE",
    "Axis",
    "Band",
    "Bars",
    "Chart",
    "Line",
    "Points",
    "Rule",
    "Step",
    "around",
    "inline",
    "to_figure",
    "to_page",
    "to_png",
    "to_svg",
]

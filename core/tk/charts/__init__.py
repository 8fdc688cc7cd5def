"""Small charts without a plotting library: marks -> axis -> drawing -> svg, png, figure."""

from tk.charts.axis import Axis, around
from tk.charts.figure import FIGURE_STYLE, to_figure, to_page
from tk.charts.marks import Band, Bars, Chart, Line, Points, Rule, Step
from tk.charts.png import to_png
from tk.charts.svg import STYLE, inline, to_svg

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

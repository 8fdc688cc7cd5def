"""Charts for web pages: each with its numbers in a table that unfolds under it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import islice

from tk.charts.marks import Chart, Mark, columns
from tk.charts.svg import STYLE, inline

_MOST_ROWS = 200
_COLUMN = 600
"""Width in pixels above which charts do not stand beside each other."""
_PAGE = (
    "body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:72rem;"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
    "color:#1c2330;background:#fff;color-scheme:light dark}"
    "h1{font-size:1.4rem;margin:0 0 1rem}"
    "main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}"
    "section{overflow-x:auto;grid-column:1/-1}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "td,th{padding:.15rem .7rem;text-align:right;border-bottom:1px solid #8884}"
    "th:first-child,td:first-child{text-align:left}"
    "@media (prefers-color-scheme:dark){body{color:#e8ebf0;background:#14181f}}"
    "@media print{body{color:#000;background:#fff}details{display:none}}"
)
_FIGURE = (
    "figure{margin:0}figcaption{color:inherit;opacity:.8;font-size:.9rem}"
    "figure details{font-size:.85rem;margin-top:.3rem}"
    "figure .scroll{max-height:18rem;overflow:auto}"
)
FIGURE_STYLE = STYLE + _FIGURE
"""The style that `to_figure` needs, once a page."""


def to_figure(chart: Chart, *, width: float = 520, height: float = 360) -> str:
    """Return ``<figure>``: the chart, what it shows, and its numbers. The page has its style."""
    tables = "".join(_table(mark) for mark in chart.marks)
    picture = inline(chart, width=width, height=height)
    return (
        f"<figure>{picture}<figcaption>{escape(chart.description)}</figcaption>"
        f'<details><summary>The numbers</summary><div class="scroll">{tables}</div></details>'
        "</figure>\n"
    )


def to_page(
    title: str,
    charts: Sequence[Chart],
    *,
    rows: Sequence[tuple[str, str]] = (),
    texts: Sequence[str] = (),
    width: float = 520,
    height: float = 360,
) -> str:
    """Return a page of charts that needs no network.

    Args:
        title: Its heading.
        charts: One under or beside the other, as there is room.
        rows: Label and value, in a table before the charts.
        texts: Tables in letters of one width, after the charts.
        width: Of a chart, in pixels, where the page is as wide.
        height: Of a chart.
    """
    wide = "figure{grid-column:1/-1}" if width > _COLUMN else ""
    figures = "".join(to_figure(chart, width=width, height=height) for chart in charts)
    after = "".join(f"<section><pre>{escape(text)}</pre></section>" for text in texts)
    cells = "".join(
        f"<tr><td>{escape(label)}</td><td>{escape(value)}</td></tr>" for label, value in rows
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_PAGE}{FIGURE_STYLE}{wide}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n<main><section><table>{cells}</table></section>\n"
        f"{figures}{after}</main></body></html>\n"
    )


def _table(mark: Mark) -> str:
    named = columns(mark)
    head = "".join(f"<th>{escape(name)}</th>" for name in named)
    lines = islice(zip(*named.values(), strict=True), _MOST_ROWS)
    body = "".join(
        "<tr>" + "".join(f"<td>{value:.6g}</td>" for value in line) + "</tr>" for line in lines
    )
    return f"<table><caption>{escape(mark.name)}</caption><tr>{head}</tr>{body}</table>"

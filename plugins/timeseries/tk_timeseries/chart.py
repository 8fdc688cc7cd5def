"""A chart of forecasts: the past, the forecast and its intervals, a panel for each series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from tk import charts
from tk.charts import Axis, Band, Chart, Line

_WIDTH, _HEIGHT = 900.0, 260.0
_OPACITY = 0.34
"""Of the narrowest interval; the second has half of it, the third a third."""

Floats = NDArray[np.float64]


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


def to_svg(outlooks: Sequence[Outlook]) -> str:
    """Return one SVG file, a panel for each series under the other."""
    return charts.to_svg(*map(_panel, outlooks), columns=1, width=_WIDTH, height=_HEIGHT)


def to_html(title: str, outlooks: Sequence[Outlook], tables: Sequence[str] = ()) -> str:
    """Return a page that needs no network: the chart, and preformatted `tables` under it."""
    panels = list(map(_panel, outlooks))
    return charts.to_page(title, panels, texts=tables, width=_WIDTH, height=_HEIGHT)


def to_png(outlooks: Sequence[Outlook]) -> bytes:
    """Return the chart as a picture.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    return charts.to_png(*map(_panel, outlooks), columns=1, width=_WIDTH, height=_HEIGHT)


def _panel(outlook: Outlook) -> Chart:
    past, ahead = _seconds(outlook.past_times), _seconds(outlook.times)
    bands = [
        Band(ahead, low.tolist(), high.tolist(), f"{level:g}%", 2, _OPACITY / (place + 1))
        for place, (level, low, high) in enumerate(outlook.bounds)
    ]
    forecast = np.concatenate([outlook.past[-1:], outlook.forecast])
    values = np.concatenate(
        [outlook.past, forecast, *(b for _, *pair in outlook.bounds for b in pair)]
    )
    return Chart(
        outlook.name,
        Axis("", past[0], max(ahead[-1], past[0] + 1), "time"),
        charts.around("", values.tolist()),
        [
            *reversed(bands),
            Line(past, outlook.past.tolist(), "past"),
            Line([past[-1], *ahead], forecast.tolist(), "forecast", 2),
        ],
        f"{outlook.name}: {len(past)} values of the past and {len(ahead)} that are forecast.",
    )


def _seconds(times: Iterable[datetime]) -> list[float]:
    """Return times as they are written, as seconds since 1970."""
    return [time.replace(tzinfo=UTC).timestamp() for time in times]

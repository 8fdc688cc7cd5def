"""Pieces that the pages of both commands have."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version

from tk_link.linkage import Skipped
from tk_link.page.cells import clean
from tk_link.page.content import LeftOut, Stage

MOST_LISTED = 60
"""Columns listed at most: a page of a table with thousands stays small."""


CLOSE_CALLS = 20
"""Pairs near the cut that are shown."""
IN_LINE = 4
"""Columns that stand for a row in one line of words."""


def told(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return warnings as the page shows them."""
    return tuple(clean(warning, most=1000) for warning in warnings)


def left_out(skipped: Sequence[Skipped]) -> tuple[LeftOut, ...]:
    """Return the first columns that took no part."""
    return tuple(
        LeftOut(clean(s.table), clean(s.column), clean(s.reason)) for s in skipped[:MOST_LISTED]
    )


def stages(timings: Mapping[str, float]) -> tuple[Stage, ...]:
    """Return what each stage took, and its share of them all."""
    total = sum(timings.values())
    return tuple(Stage(name, spent, share(spent, total)) for name, spent in timings.items())


def share(part: float, whole: float) -> float:
    """Return part / whole; 0 of nothing."""
    return part / whole if whole else 0.0


def percent(value: float) -> str:
    """Write a share, 0..1; never 100% or 0% of what is not all or nothing."""
    if value in (0, 1):
        return f"{value:.0%}"
    text = f"{value:.1%}"
    return {"100.0%": ">99.9%", "0.0%": "<0.1%"}.get(text, text)


def chance(value: float) -> str:
    """Write a probability; never 0 or 1 of what is not certain."""
    text = f"{value:.3f}"
    if 0 < value < 1:
        return {"1.000": ">0.999", "0.000": "<0.001"}.get(text, text)
    return text


def made_by() -> str:
    """Say when and by what the page was made."""
    now = datetime.now().astimezone()
    return (
        f"{now:%Y-%m-%d %H:%M %Z}, tk {version('transformer-tk')}, "
        f"Python {platform.python_version()}, polars {version('polars')}"
    )

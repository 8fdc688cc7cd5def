"""One axis: its range, its round ticks and how its numbers are written."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Unit = Literal["number", "percent", "time"]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`.

    Attributes:
        label: What it measures, with its unit.
        low: Value at its start.
        high: Value at its end; above `low`.
        unit: ``percent`` writes 0.25 as 25%; ``time`` takes seconds since 1970 as a date and time.
    """

    label: str
    low: float = 0.0
    high: float = 1.0
    unit: Unit = "number"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"axis {self.label!r} runs from {self.low} to {self.high}")

    def share(self, value: float) -> float:
        """Return where `value` lies between the ends, 0..1; beyond them it stays at the end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self, most: int = 6) -> list[float]:
        """Return at most `most` round values on the axis, ascending."""
        if self.unit == "time":
            return [self.low, (self.low + self.high) / 2, self.high]
        rough = (self.high - self.low) / max(most - 1, 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(s * power for s in _STEPS if s * power >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(n * step, 12) for n in range(first, last + 1)]

    def text(self, value: float) -> str:
        """Write a value of this axis for people."""
        if self.unit == "time":
            return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M}"
        if self.unit == "percent":
            return f"{value * 100:.4g}%"
        if abs(value) >= 1_000:
            return f"{value:,.0f}"
        return f"{value:.4g}"


def around(label: str, values: Iterable[float], *, unit: Unit = "number") -> Axis:
    """Return an axis that holds all finite `values`, with round ends."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if low == high:
        low, high = low - 0.5, high + 0.5
    ticks = Axis(label, low, high).ticks()
    step = ticks[1] - ticks[0] if len(ticks) > 1 else high - low
    return Axis(
        label, math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, unit
    )

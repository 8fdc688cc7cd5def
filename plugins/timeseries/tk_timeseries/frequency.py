"""How far apart time stamps are, in words of polars (``1h``, ``1d``, ``1mo``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from tk.errors import InputError, UsageError

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_CALENDAR = ((1, 28, 31, "1mo"), (3, 89, 92, "3mo"), (12, 365, 366, "1y"))
"""Months in a step, its shortest and longest days, its name."""
_SECOND = 1_000_000


@dataclass(frozen=True)
class Frequency:
    """Steps of one length.

    Attributes:
        name: ``15m``, ``1h``, ``1d``, ``1w``, ``1mo``, ``3mo``, ``1y``, or ``1bd`` for weekdays.
        is_month_end: Stamps of calendar steps are last days of months.
    """

    name: str
    is_month_end: bool = False

    @property
    def season(self) -> int:
        """Steps of the season that people expect: a day of hours, a week of days, a year."""
        seconds = self.seconds
        if seconds is None:
            return {"1mo": 12, "3mo": 4, "1bd": 5}.get(self.name, 1)
        if seconds < _UNITS["d"]:
            return max(_UNITS["d"] // seconds, 1)
        return {_UNITS["d"]: 7, _UNITS["w"]: 52}.get(seconds, 1)

    @property
    def seconds(self) -> int | None:
        """Length of a step; None where the calendar says it."""
        match = re.fullmatch(r"(\d+)([wdhms])", self.name)
        return int(match[1]) * _UNITS[match[2]] if match else None

    def grid(self, first: datetime, steps: int) -> pl.Series:
        """Return `steps` stamps from `first` on."""
        count = pl.Series(range(steps), dtype=pl.Int64)
        base = pl.DataFrame({"n": count}).with_columns(t=pl.lit(first).cast(pl.Datetime("us")))
        if self.name == "1bd":
            return base.select(pl.col("t").dt.add_business_days(pl.col("n"))).to_series()
        if self.seconds is not None:
            return base.select(pl.col("t") + pl.duration(seconds=self.seconds * pl.col("n")))["t"]
        months = {name: size for size, _, _, name in _CALENDAR}[self.name]
        start = pl.col("t").dt.month_start() if self.is_month_end else pl.col("t")
        step = start.dt.offset_by(pl.format("{}mo", pl.col("n") * months))
        return base.select(t=step.dt.month_end() if self.is_month_end else step)["t"]

    def after(self, last: datetime, steps: int) -> pl.Series:
        """Return the `steps` stamps that follow `last`."""
        return self.grid(last, steps + 1)[1:]


def infer_frequency(stamps: pl.Series) -> Frequency:
    """Return the frequency that most neighbouring stamps have.

    Args:
        stamps: ``Datetime``, sorted, without duplicates, of one series.

    Raises:
        InputError: There are fewer than three, or no distance is usual.
    """
    if len(stamps) < 3:
        raise InputError(f"{len(stamps)} time stamps are too few to see how far apart they are")
    steps = stamps.diff().drop_nulls()
    counts = steps.value_counts(sort=True)
    usual: timedelta = counts[0, 0]
    days = steps.dt.total_days()
    for _, least, most, name in _CALENDAR:
        if days.is_between(least, most).mean() >= 0.9:  # type: ignore[operator] # never None here
            is_end = bool((stamps == stamps.dt.month_end()).all())
            return Frequency(name, is_month_end=is_end and stamps[0].day >= 28)
    if counts[0, 1] < len(steps) / 2:
        shown = ", ".join(str(value) for value in counts[1:4, 0])
        raise InputError(
            f"time stamps are irregular: the commonest distance ({usual}) is that of "
            f"{counts[0, 1]} in {len(steps)} (others: {shown}); resample the series first"
        )
    weekdays_only = len(stamps) >= 10 and not bool((stamps.dt.weekday() > 5).any())
    if usual == timedelta(days=1) and weekdays_only:
        return Frequency("1bd")
    return Frequency(_name(usual))


def parse_frequency(text: str, stamps: pl.Series) -> Frequency:
    """Return the frequency that a person names; month ends are seen from the stamps.

    Raises:
        UsageError: It is none.
        InputError: The stamps have another one.
    """
    if not re.fullmatch(r"\d+[wdhms]|1mo|3mo|1y|1bd", text) or text.startswith("0"):
        raise UsageError(f"--freq {text!r} must look like 15m, 1h, 1d, 1w, 1mo, 3mo, 1y or 1bd")
    is_end = bool((stamps == stamps.dt.month_end()).all()) and stamps[0].day >= 28
    given = Frequency(text, is_month_end=is_end)
    apart = stamps.diff().drop_nulls().dt.total_seconds()
    stray = apart.filter(apart % given.seconds != 0) if given.seconds else apart.clear()
    if len(stray):
        raise InputError(f"--freq {text} does not fit: two stamps are {stray[0]} s apart")
    return given


def _name(step: timedelta) -> str:
    seconds = int(step.total_seconds())
    if seconds < 1:
        raise InputError(f"time stamps are {step} apart; steps below a second are not supported")
    unit = next(unit for unit, size in _UNITS.items() if seconds % size == 0)
    return f"{seconds // _UNITS[unit]}{unit}"

"""Which part of a series is for learning, for choosing and for testing.

Validation and test begin a look-back early, so that their first window forecasts their first row
(the borders of Informer, arXiv:2012.07436, and of all long-horizon papers since).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tk.errors import InputError, NotFoundError

Protocol = Literal["ett-hour", "ett-minute", "share"]

_DAY, _MONTH = 24, 30
_PARTS = (12, 4, 4)
"""Months of training, validation and test in the ETT protocol, each of 30 days."""


@dataclass(frozen=True)
class Parts:
    """Rows of each part: ``slice(start, stop)``."""

    train: slice
    validation: slice
    test: slice


def split(rows: int, length: int, horizon: int, *, protocol: Protocol = "share") -> Parts:
    """Return the parts of a series.

    Args:
        rows: Its length.
        length: Look-back by which validation and test begin early.
        horizon: Steps ahead; each part must hold at least one window.
        protocol: ``ett-hour`` and ``ett-minute`` (quarter hours) take 12, 4 and 4 months of 30 days
            and leave the rest out; ``share`` takes 70, 10 and 20 %.

    Raises:
        InputError: The series is too short; says how many rows are needed.
        NotFoundError: There is no such protocol.
    """
    if protocol not in get_args(Protocol):
        raise NotFoundError("split", str(protocol), get_args(Protocol))
    if protocol == "share":
        train, test = int(rows * 0.7), int(rows * 0.2)
        ends = (train, rows - test, rows)
    else:
        month = _DAY * _MONTH * (4 if protocol == "ett-minute" else 1)
        ends = (month * _PARTS[0], month * sum(_PARTS[:2]), month * sum(_PARTS))
        if rows < ends[2]:
            raise InputError(f"split {protocol} needs {ends[2]} rows; the series has {rows}")
    parts = (ends[0], ends[1] - ends[0] + length, ends[2] - ends[1] + length)
    if min(parts) < length + horizon:
        needed = max(-(-(length + horizon) * 10 // 7), horizon * 10)
        raise InputError(
            f"{rows} rows are too few for look-back {length} and horizon {horizon} in each part; "
            f"about {needed} are needed"
        )
    return Parts(
        slice(0, ends[0]), slice(ends[0] - length, ends[1]), slice(ends[1] - length, ends[2])
    )

"""Windows over series: what forecasters learn from and are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tk.errors import InputError


@dataclass(frozen=True)
class Scaler:
    """Brings each channel to mean 0 and deviation 1, by the statistics of training data.

    Attributes:
        mean: ``(C,)``.
        deviation: ``(C,)``; 1 where a channel is constant.
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, values: Tensor) -> Scaler:
        """Take the statistics of ``(T, C)``, in float64; the deviation is the biased one."""
        exact = values.double()
        mean, deviation = exact.mean(dim=0), exact.std(dim=0, correction=0)
        tiny = deviation <= 1e-9 * mean.abs().clamp(min=1e-300)
        return cls(mean, torch.where(tiny, 1.0, deviation))

    def scale(self, values: Tensor) -> Tensor:
        """Return scaled values as float32, ``(…, C)``."""
        return ((values.double() - self.mean) / self.deviation).float()

    def restore(self, scaled: Tensor) -> Tensor:
        """Return values in their own units as float64, ``(…, C)``."""
        return scaled.double() * self.deviation + self.mean


class Windows:
    """All pairs of `length` past and `horizon` future steps, one step apart.

    An example is ``past (L, C)``, ``future (H, C)`` and its own number, ``index``.
    """

    def __init__(
        self, series: Sequence[Tensor], length: int, horizon: int, *, most: int | None = None
    ) -> None:
        """Index the windows.

        Args:
            series: Each ``(T, C)`` float32 and finite; their lengths may differ.
            length: Look-back L.
            horizon: Steps ahead H.
            most: Take no more windows than this, spread evenly over all.

        Raises:
            InputError: No series is as long as one window.
        """
        self.series = list(series)
        self.length, self.horizon = length, horizon
        counts = [max(len(values) - length - horizon + 1, 0) for values in self.series]
        self._ends = torch.tensor(counts).cumsum(0)
        if not self.series or not int(self._ends[-1]):
            longest = max((len(values) for values in self.series), default=0)
            raise InputError(
                f"a window needs {length + horizon} rows (look-back {length} + horizon {horizon}); "
                f"the longest part here has {longest}"
            )

        total = int(self._ends[-1])
        self._chosen = range(total)
        if most is not None and most < total:
            self._chosen = range(0, total, -(-total // most))

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        place = self._chosen[index]
        number = int(torch.searchsorted(self._ends, place, right=True))
        values = self.series[number]
        count = max(len(values) - self.length - self.horizon + 1, 0)
        start = place - int(self._ends[number]) + count
        middle = start + self.length
        return {
            "past": values[start:middle],
            "future": values[middle : middle + self.horizon],
            "index": torch.tensor(index),
        }

    def pasts(self) -> Tensor:
        """Return the past of every window, ``(N, L, C)``; a view where there is one series."""
        span = self.length + self.horizon
        views = [
            values[: len(values) - self.horizon].unfold(0, self.length, 1).transpose(1, 2)
            for values in self.series
            if len(values) >= span
        ]
        return views[0] if len(views) == 1 else torch.cat(views)


class Sequences:
    """Rows of `length` values and the one that follows, for the entropy model.

    An example is ``row (L + 1, C)``; each channel is a row of its own.
    """

    def __init__(self, series: Sequence[Tensor], length: int) -> None:
        self._windows = Windows(series, length, 1)

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        window = self._windows[index]
        return {"row": torch.cat([window["past"], window["future"]])}

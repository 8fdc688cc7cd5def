"""How far the stated precision may be off: a range that several nulls agree on.

The mean probability of accepted pairs is one reading of how many are false. The spread of that many
coin throws says nothing of the reading itself: a "90%" range made of it held the truth on 22 of 59
labelled link sets. So the nulls are read again, each by itself, as counts:

* orphans (`tk_link.scoring.knockout`) that won a partner as good as an accepted pair;
* look-alikes inside either table (`tk_link.scoring.distinct`), where they were asked;
* the stated probabilities.

Each reading is the mean of a Poisson count of false pairs, and is known from a count itself, of
which one stands for ``each`` pairs: a Gamma belief, so the false pairs to be expected are negative
binomial. The range runs from the lower quantile of the least to the upper of the greatest reading
(one observation more than were made counted there, as none seen is not none), with the noise of the
reading that saw most: one that knocked out five pairs is heard, but may not widen the range alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import nbdtrik

from tk_link.linkage import Cardinality
from tk_link.scoring.distinct import Known, nearest, size_of
from tk_link.scoring.score import Scores

_TAIL = 0.05
"""Probability left out at either end."""
_LEAST = 1.0
"""Pairs that an observation stands for, at least: the false pairs of this run are one draw."""


@dataclass(frozen=True)
class Reading:
    """What one null says of the accepted pairs.

    Attributes:
        false: Expected number of false ones.
        each: How many of these one observation stands for; None where none was made.
    """

    false: float
    each: float | None = None


def precision_range(
    scores: Scores,
    accepted: NDArray[np.int64],
    rows: tuple[int, int],
    how: Cardinality,
    *,
    known: Known | None = None,
    certain: int = 0,
) -> tuple[float, float]:
    """Return the least and the greatest share of true pairs, 0..1, a 90% range.

    Args:
        scores: The scores, with the orphans that calibrated them where they were calibrated.
        accepted: Positions of the accepted pairs that nobody judged.
        rows: Heights of the two tables.
        how: Cardinality.
        known: Look-alikes of both tables, where they were asked.
        certain: Accepted pairs that somebody judged to be true.
    """
    count = len(accepted)
    if not count:
        return 1.0, 1.0
    found = list(readings(scores, accepted, rows, how, known=known))
    least, most = _quantiles(found, count)
    total = count + certain
    return 1.0 - most / total, 1.0 - least / total


def readings(
    scores: Scores,
    accepted: NDArray[np.int64],
    rows: tuple[int, int],
    how: Cardinality,
    *,
    known: Known | None = None,
) -> Iterator[Reading]:
    """Yield what each null says of the accepted pairs; arguments as for `precision_range`."""
    matches = float(scores.probability[accepted].sum())
    yield Reading(len(accepted) - matches)
    additive = scores.model.additive
    cut = float(additive.log_odds(scores.levels[accepted]).min())
    if scores.orphans is not None:
        null, weights = scores.orphans
        sides = [(null.left, rows[0]), (null.right, rows[1])]
        sides = {"m:1": sides[:1], "1:m": sides[1:], "m:m": sides[:1]}.get(how, sides)
        for reached, height in sides:
            each = max(height - matches, 0.0) / max(float(weights.sum()), 1e-9)
            yield Reading(each * float(weights[reached >= cut].sum()), each)
    if known is not None:
        for side, here in enumerate(known.sides):
            best = nearest(known, side, additive)
            lonely, free = (max(height - matches, 0.0) for height in (rows[side], rows[1 - side]))
            size = size_of(free, here)
            without = float((best < cut).mean()) ** size
            yield Reading(lonely * (1.0 - without), lonely * size / len(best))


def _quantiles(found: list[Reading], count: int) -> tuple[float, float]:
    """Return the least and the greatest number of false pairs among ``count``."""
    false = [reading.false for reading in found]
    each = max(min((r.each for r in found if r.each is not None), default=_LEAST), _LEAST)
    chance = 1.0 / (1.0 + each)
    few, many = min(false) / each, min(max(false), count) / each + 1.0
    least = np.ceil(nbdtrik(_TAIL, few, chance)) if few > 0.0 else 0.0
    most = np.ceil(nbdtrik(1.0 - _TAIL, many, chance))
    return float(np.clip(np.nan_to_num(least), 0.0, count)), float(min(most, count))

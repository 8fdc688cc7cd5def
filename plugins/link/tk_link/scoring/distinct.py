"""A null from look-alikes: distinct rows of one table, where few matches can be knocked out.

The knock-out null (`tk_link.scoring.knockout`) is learnt from confident pairs, and cannot see that
most of them are false. A sister firm taken for its sister scores like a match, and once it is taken
away nothing like it is left: of false pairs the null sees too little, by the very share q of true
ones. With h the share of rows that have a look-alike in the other table, N of n rows are confident
and ``N (1 - q) = h n`` of these false, while orphans show ``h q = q (1 - q) N / n``: the same for q
and 1 - q. What settles it are rows that are known to be different, those of one table
(`tk_link.lookalikes`): as often as a row has a look-alike in its own table it has one in the other,
in proportion to their heights.

Look-alikes come first. What they say of q then decides how much the orphans count: not at all at an
even chance, fully where all confident pairs are true. The table with more look-alikes counts: if
false pairs resemble those of one table, that is enough. One look-alike more than were seen is
counted, above all others (Barber & Candes 2015, knockoff+): none seen is not taken for none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tk_link.comparing.features import Features
from tk_link.lookalikes import Lookalikes
from tk_link.scoring import levels
from tk_link.scoring.additive import Additive
from tk_link.scoring.curve import Curve
from tk_link.scoring.isotonic import increasing
from tk_link.scoring.knockout import Null, without_match

_ROUNDS = 3
_FEWEST, _GROWTH, _BINS = 8, 1.25, 40
"""Assigned pairs in the uppermost bin, growth of the bins from there, and bins they may grow to
make: where 30 of 2,000 rows have a match, a fortieth of the rows holds all of them and more."""
_LEAST, _MOST = 1e-4, 1.0 - 1e-4


@dataclass(frozen=True)
class Known:
    """Look-alikes as levels, for one linkage.

    Attributes:
        sides: Look-alikes of the left and of the right table.
        levels: ``(pairs, features)`` levels of each.
    """

    sides: tuple[Lookalikes, Lookalikes]
    levels: tuple[NDArray[np.int8], NDArray[np.int8]]

    def times(self) -> NDArray[np.float64]:
        """Return how many pairs each look-alike stands for: all, had all rows been asked."""
        shares = [(side.share_asked, len(side.pairs)) for side in self.sides]
        return np.concatenate([np.full(n, 1.0 / (f * (2.0 - f))) for f, n in shares])


def known(sides: tuple[Lookalikes, Lookalikes], features: Features) -> Known:
    """Cut look-alikes into levels."""
    cut = [levels.cut(replace(features, values=side.values)) for side in sides]
    return Known(sides, (cut[0], cut[1]))


@dataclass(frozen=True)
class _Sample:
    """Weighted scores of rows without a match."""

    scores: NDArray[np.float64]
    weights: NDArray[np.float64]

    def scaled(self, mass: float) -> _Sample:
        """Return it with weights that add up to ``mass``."""
        return _Sample(self.scores, self.weights * (mass / max(self.weights.sum(), 1e-9)))


def calibrate(
    assigned: NDArray[np.float64],
    confident: NDArray[np.float64],
    orphans: Null,
    lookalikes: Known,
    additive: Additive,
    *,
    matches: float,
) -> Curve:
    """Return the probability of a match at each score.

    Args:
        assigned: Scores of the pairs that were assigned.
        confident: Scores of the pairs that were orphaned.
        orphans: What their rows scored then.
        lookalikes: The look-alikes of both tables.
        additive: The model that scores them.
        matches: First guess of the number of matches.
    """
    heights = lookalikes.sides[0].height, lookalikes.sides[1].height
    knocked = np.concatenate([orphans.left, orphans.right])
    trust, weights = 0.0, np.ones(len(confident))
    curve = Curve(np.zeros(1), np.zeros(1))
    for _ in range(_ROUNDS):
        nulls = []
        taken = _Sample(knocked, np.tile(weights, 2)).scaled(matches * trust)
        for side in (0, 1):
            lonely = max(heights[side] - matches, 0.0)
            free = max(heights[1 - side] - matches, 0.0)
            within = _doubled(lookalikes, side, additive, free).scaled(lonely * (1.0 - trust))
            nulls.append(
                _Sample(
                    np.concatenate([taken.scores, within.scores]),
                    np.concatenate([taken.weights, within.weights]),
                )
            )
        curve = _curve(assigned, nulls, heights)
        weights, matches = curve(confident), float(curve(assigned).sum())
        trust = max(2.0 * float(weights.mean()) - 1.0, 0.0)
    return curve


def nearest(lookalikes: Known, side: int, additive: Additive) -> NDArray[np.float64]:
    """Return what each row of one table that was asked scores with its nearest in that table."""
    here = lookalikes.sides[side]
    score = additive.log_odds(lookalikes.levels[side])
    best = np.full(here.pairs.rows[0], -np.inf)
    np.maximum.at(best, here.pairs.left, score)
    np.maximum.at(best, here.pairs.right, score)
    return best[here.asked]


def size_of(free: float, here: Lookalikes) -> float:
    """Return how many times a table's other rows the ``free`` rows of the other table are."""
    return max(free / max(here.height - 1, 1), 1e-3)


def _doubled(lookalikes: Known, side: int, additive: Additive, free: float) -> _Sample:
    """Return the scores of one table's rows with their nearest, as if it had ``free`` rows.

    If a share F of rows has no look-alike above a score among m others, then F to the power of
    ``free / m`` has none among ``free``.
    """
    scores = np.append(np.sort(nearest(lookalikes, side, additive)), np.inf)
    power = size_of(free, lookalikes.sides[side])
    reached = (np.arange(len(scores) + 1) / len(scores)) ** power
    return _Sample(scores, np.diff(reached))


def _curve(assigned: NDArray[np.float64], nulls: list[_Sample], heights: tuple[int, int]) -> Curve:
    known = np.concatenate([null.scores[np.isfinite(null.scores)] for null in nulls])
    grid = _grid(assigned, known)
    real = np.histogram(assigned, grid)[0].astype(np.float64)
    false = np.zeros(len(real))
    for null, height in zip(nulls, heights, strict=True):
        lonely = without_match(assigned, height, null.scores, null.weights, grid)
        inside = np.isfinite(null.scores)
        here = np.histogram(null.scores[inside], grid, weights=null.weights[inside])[0]
        here[-1] += null.weights[null.scores == np.inf].sum()
        false = np.maximum(false, lonely * here / max(null.weights.sum(), 1e-9))
    mass = np.maximum(real, 0.5)
    share = np.clip(increasing(1.0 - false / mass, mass), 0.0, 1.0)
    return Curve(0.5 * (grid[1:] + grid[:-1]), np.clip(share, _LEAST, _MOST))


def _grid(assigned: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of bins, narrow where scores are high."""
    scores = np.sort(assigned)[::-1]
    bounds = np.concatenate([scores, known])
    edges, at, size = [float(bounds.max()) + 1e-9], 0, float(_FEWEST)
    largest = max(len(scores) / _BINS, float(_FEWEST))
    while at + size < len(scores):
        at += int(size)
        edges.append(float(scores[at - 1] + scores[at]) / 2.0)
        size = min(size * _GROWTH, largest)
    edges.append(float(bounds.min()) - 1e-9)
    return np.unique(edges)

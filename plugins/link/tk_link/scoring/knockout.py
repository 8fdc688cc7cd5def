"""Probabilities that can be trusted: scores calibrated against rows whose match was taken away.

What would a row's best score look like if it had no match? Take confident matches, remove the
right row of one half and the left row of the other half, and link again: whatever the orphans get
now is wrong by construction, and was won in the same tables, against the same rivals, with the
same product families and households as any false match. The distribution of those scores is the
null. Matched to the lower tail of the real scores it gives the number of rows without a match
(the null proportion of Storey 2002), and the share of real scores that the null does not explain
is the probability of a match at that score (the local false discovery rate of Efron 2004), kept
non-decreasing. Nothing assumes independent fields, a share of matches, or a shape of the scores.

A confident pair that was itself false makes a poor orphan: it has lost its best wrong partner, and
scores too low. So each orphan counts with the probability that its pair was a match, which is what
is being computed: a few rounds settle it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.linkage import Cardinality
from tk_link.scoring.curve import Curve
from tk_link.scoring.isotonic import increasing
from tk_link.scoring.matching import assign, ranks

FOLDS = 10
"""One fold of the confident matches is orphaned at a time: few, so that orphans do not crowd each
other, in equal numbers on both sides, so that neither side gets easier to win."""
_BINS, _ROWS_PER_BIN, _LEAST_BINS = 40, 8, 8
_LEAST_TAIL = 0.2
"""The null count is read off only where this share of the null lies below."""
_ROUNDS = 3
_LEAST, _MOST = 1e-4, 1.0 - 1e-4


@dataclass(frozen=True)
class Null:
    """What orphans score, one value a confident pair; ``-inf`` where nothing was left to take.

    Attributes:
        left: Score that the pair's left row gets without its partner.
        right: Score that the pair's right row gets without its partner.
    """

    left: NDArray[np.float64]
    right: NDArray[np.float64]

    def moved(self, by: float) -> Null:
        """Return the null moved along the scores."""
        return Null(self.left + by, self.right + by)


def knock_out(
    pairs: Pairs,
    score: NDArray[np.float64],
    confident: NDArray[np.int64],
    how: Cardinality,
    *,
    folds: int = FOLDS,
    seed: int,
) -> Null:
    """Orphan confident pairs fold by fold, link again, and collect the orphans' scores."""
    rng = np.random.default_rng(seed)
    rank = ranks(score)
    fold = rng.integers(0, folds, len(confident))
    half = rng.random(len(confident)) < 0.5
    null = Null(np.full(len(confident), -np.inf), np.full(len(confident), -np.inf))
    left, right = pairs.left[confident], pairs.right[confident]
    for side in (half, ~half):  # each pair orphans its left row once and its right row once
        for number in range(folds):
            left_orphans = (fold == number) & side
            right_orphans = (fold == number) & ~side
            gone_left = np.zeros(pairs.rows[0], dtype=bool)
            gone_right = np.zeros(pairs.rows[1], dtype=bool)
            gone_left[left[right_orphans]] = True
            gone_right[right[left_orphans]] = True
            among = ~(gone_left[pairs.left] | gone_right[pairs.right])
            kept = assign(pairs, score, how, among, rank)
            best = _best(pairs.left[kept], score[kept], pairs.rows[0])
            null.left[left_orphans] = best[left[left_orphans]]
            best = _best(pairs.right[kept], score[kept], pairs.rows[1])
            null.right[right_orphans] = best[right[right_orphans]]
    return null


def calibrate(
    assigned: NDArray[np.float64],
    confident: NDArray[np.float64],
    null: Null,
    weights: NDArray[np.float64],
    *,
    rows: tuple[int, int],
    how: Cardinality,
) -> Curve:
    """Return the probability of a match at each score.

    Args:
        assigned: Scores of the pairs that were assigned.
        confident: Scores of the pairs that were orphaned.
        null: What their rows scored then.
        weights: First guess of the probability that each of them is a match, 0..1.
        rows: Heights of the two tables.
        how: Cardinality of the assignment. Where one side's rows share partners, only the other
            side's null counts its false pairs.
    """
    sides = [(null.left, rows[0]), (null.right, rows[1])]
    sides = {"m:1": sides[:1], "1:m": sides[1:]}.get(how, sides)
    curve = _curve(assigned, sides, weights)
    for _ in range(_ROUNDS - 1):
        curve = _curve(assigned, sides, curve(confident))
    return curve


def _curve(
    assigned: NDArray[np.float64],
    sides: list[tuple[NDArray[np.float64], int]],
    weights: NDArray[np.float64],
) -> Curve:
    """Read a curve off the null of one or both sides, each with the height of its table."""
    known = np.concatenate([scores[np.isfinite(scores)] for scores, _ in sides])
    bins = int(np.clip(len(assigned) / _ROWS_PER_BIN, _LEAST_BINS, _BINS))
    steps = np.linspace(0.0, 1.0, bins + 1)
    grid = np.unique(np.quantile(np.concatenate([assigned, known]), steps))
    if len(grid) == 1:  # every score the same: one bin around it
        grid = np.array([grid[0] - 1.0, grid[0] + 1.0])
    real = np.histogram(assigned, grid)[0].astype(np.float64)
    false = np.zeros(len(real))
    for scores, height in sides:
        lonely = without_match(assigned, height, scores, weights, grid)
        kept = np.isfinite(scores)
        density = np.histogram(scores[kept], grid, weights=weights[kept])[0]
        false += lonely * density / max(weights.sum(), 1e-9) / len(sides)
    mass = np.maximum(real, 0.5)
    share = np.clip(increasing(1.0 - false / mass, mass), 0.0, 1.0)  # pooled before it is clipped
    middles = 0.5 * (grid[1:] + grid[:-1])
    return Curve(middles, np.clip(share, _LEAST, _MOST))


def without_match(
    assigned: NDArray[np.float64],
    height: int,
    null: NDArray[np.float64],
    weights: NDArray[np.float64],
    grid: NDArray[np.float64],
) -> float:
    """Estimate how many of ``height`` rows have no match, from the lower tail of their scores.

    The smallest ratio of rows at or below a score to the null's share there (one standard error
    below its estimate): matches can only add to the numerator, so every score gives an upper bound.
    """
    total = weights.sum()
    effective = total**2 / max((weights**2).sum(), 1e-9)
    unassigned = max(height - len(assigned), 0)
    best = float(height)
    for point in grid:
        tail = (weights[null <= point].sum() + 1.0) / (total + 2.0)
        tail -= np.sqrt(tail * (1.0 - tail) / (effective + 2.0))
        if tail >= _LEAST_TAIL:
            below = unassigned + np.sum(assigned <= point)
            best = min(best, (below + np.sqrt(below)) / tail)
    return best


def _best(rows: NDArray[np.int32], scores: NDArray[np.float64], height: int) -> NDArray[np.float64]:
    out = np.full(height, -np.inf)
    np.maximum.at(out, rows, scores)
    return out

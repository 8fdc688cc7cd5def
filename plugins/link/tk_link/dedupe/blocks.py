"""Whether two blocks of rows are one entity: the evidence of all pairs between them.

A row that was misspelt scores low with every row of its entity, once for all; a block of rows that
agree among themselves and score low with another block, row by row, was not misspelt twenty times
alike: two versions of a paper, two members of a household. What pairs between blocks say is
measured against what pairs of one component say on average: with ``q`` the mean log odds between
blocks of ``a`` and ``b`` rows and ``q0`` those of the average pair, the log odds that the blocks
are one entity are ``q0 + n · (q - q0)``, which is ``q`` for single rows.

``n`` counts independent looks. If each row adds its own noise to all its pairs, the mean over
``a · b`` pairs is as sure as ``2ab / (a + b)`` of them. That many speak for an entity. Against it
speak no more than the smaller block has rows: one bad row is one doubt, however many it meets.
Blocks are built by average linkage over the log odds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from scipy.special import expit, logit

LEAST, MOST = 1e-4, 1.0 - 1e-4
"""Probabilities are kept inside, so that no single pair outweighs all others."""
_NEVER = 1e9
"""Log odds against rows that must not meet: no mean outweighs them."""


def base_rate(chances: NDArray[np.float64]) -> float:
    """Return the log odds of the average pair of a component, at least even."""
    return float(logit(np.clip(chances.mean(), 0.5, MOST))) if len(chances) else 0.0


def join(
    chances: NDArray[np.float64],
    base: float,
    cut: float,
    apart: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Divide the rows of a component into entities.

    Args:
        chances: Symmetric ``(n, n)`` probabilities of pairs, two rows or more.
        base: Log odds of the average pair, from `base_rate`.
        cut: Probability from which blocks are joined.
        apart: Pairs that must not be joined, ``(n, n)``.

    Returns:
        A part's number for each row, and the probability of every pair given its blocks,
        symmetric. Where a part of a block was not joined, the block is no surer than that part.
    """
    odds = logit(np.clip(chances, LEAST, MOST))
    if apart is not None:
        odds[apart] = -_NEVER
    distance = -odds
    lowest = float(distance.min())  # `linkage` takes negative distances too, but says so nowhere
    np.fill_diagonal(distance, lowest)
    tree = hierarchy.linkage(squareform(distance - lowest, checks=False), "average")
    height = len(odds)
    blocks = [np.array([row]) for row in range(height)]
    doubt = np.ones(2 * height - 1)  # the least probability inside a block not joined, else 1
    parts, joint = np.arange(height), np.zeros_like(chances)
    for step, (one, other, far, _) in enumerate(tree):  # a component's rows, 1,000 at most
        first, second = blocks[int(one)], blocks[int(other)]
        beyond = -(far + lowest) - base
        chance = float(expit(base + _looks(len(first), len(second), beyond > 0) * beyond))
        chance = min(max(chance, LEAST), MOST, doubt[int(one)], doubt[int(other)])
        joint[np.ix_(first, second)] = chance
        joint[np.ix_(second, first)] = chance
        blocks.append(np.concatenate([first, second]))
        if chance >= cut and doubt[int(one)] == doubt[int(other)] == 1.0:
            parts[blocks[-1]] = parts[first[0]]
        else:
            doubt[height + step] = chance
    return parts, joint


def _looks(one: int, other: int, is_for: bool) -> float:
    return 2.0 * one * other / (one + other) if is_for else float(min(one, other))

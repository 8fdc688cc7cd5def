"""How many partners a row may have, read off the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.linkage import Cardinality
from tk_link.scoring.matching import assign
from tk_link.scoring.score import Scores

_LEAST_SHARE = 0.1
"""Strong losers per accepted pair from which one-to-one is given up. Under one-to-one scores the
sets that are one-to-one show at most 0.04, branches of firms 0.27."""
_STRONG = 0.25
"""A loser is strong when it scores above this quantile of the accepted pairs."""
_FEW = 20


def choose(pairs: Pairs, scores: Scores) -> tuple[Cardinality, str]:
    """Return the cardinality and its reason, from one-to-one scores.

    Rows that lose their best partner to a better row although they score like accepted pairs say
    that the partner belongs to both.
    """
    kept = assign(pairs, scores.order(), "1:1")
    accepted = kept[scores.alone[kept] >= 0.5]  # copies of a row share its probability
    if len(accepted) < _FEW:
        return "1:1", "too few sure matches to see anything else"
    bar = float(np.quantile(scores.log_odds[accepted], _STRONG))
    left = _strong_losers(pairs, scores, accepted, bar, "m:1") / len(accepted)
    right = _strong_losers(pairs, scores, accepted, bar, "1:m") / len(accepted)
    if max(left, right) < _LEAST_SHARE:
        return "1:1", (
            f"rows that lose a strong partner to a better row are rare ({max(left, right):.1%})"
        )
    if min(left, right) >= _LEAST_SHARE:
        return "m:m", f"rows of both tables share partners ({left:.0%} left, {right:.0%} right)"
    if left > right:
        return "m:1", f"several left rows share one right row ({left:.0%} more than one-to-one)"
    return "1:m", f"several right rows share one left row ({right:.0%} more than one-to-one)"


def _strong_losers(
    pairs: Pairs, scores: Scores, accepted: NDArray[np.int64], bar: float, rule: Cardinality
) -> int:
    mine, other = (pairs.left, pairs.right) if rule == "m:1" else (pairs.right, pairs.left)
    heights = pairs.rows if rule == "m:1" else pairs.rows[::-1]
    has_partner, is_taken = np.zeros(heights[0], dtype=bool), np.zeros(heights[1], dtype=bool)
    has_partner[mine[accepted]] = True
    is_taken[other[accepted]] = True
    best = assign(pairs, scores.log_odds, rule)
    lost = ~has_partner[mine[best]] & is_taken[other[best]] & (scores.log_odds[best] >= bar)
    return int(lost.sum())

"""Scores of a table whose entities have two rows, seldom more: linked with itself, one-to-one.

Where a row has one duplicate at most, its rivals say much: of two sisters in one house neither is
the other's duplicate if each has a better one. So the table is linked with itself by everything
that links two tables (EM over a matching, refit, knock-out calibration: `tk_link.scoring.score`).
Rows that are third and further copies would split their probability with their rivals; they are
told by triangles of strong pairs and left out of learning, round by round, until none are new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.scoring import levels
from tk_link.scoring.additive import Additive
from tk_link.scoring.curve import Curve, fitted
from tk_link.scoring.score import score

_ROUNDS = 4
_SETTLED = 0.001
"""Share of the rows below which newly found copies change nothing."""
_FEW = 20
"""Pairs that are each other's best, below which nothing is said about the size of entities."""
_KEPT = 0.75
"""Of the surest pairs so many must outlive the rule that a row has one partner. Where entities have
two rows 0.77 to 1.0 do (0.4 among product families), 0.92 where a tenth have three, 0.7 where two
fifths do, 0.1 to 0.3 where they have three to fifty."""


@dataclass(frozen=True)
class Paired:
    """What was learnt under the rule that a row has one partner.

    Attributes:
        additive: Log odds by feature and level.
        curve: Probability at each sum, whatever the rivals.
    """

    additive: Additive
    curve: Curve


def fit(
    pairs: Pairs, features: Features, log_odds: NDArray[np.float64], *, seed: int
) -> Paired | None:
    """Learn one-to-one, None where the table's entities are larger.

    Args:
        pairs: Candidate pairs inside a table.
        features: What they are compared on.
        log_odds: Their scores by a model without cardinality, which says which pairs are surest.
        seed: Seed of the calibration.
    """
    mutual = np.flatnonzero(_is_mutual(pairs, log_odds) & (log_odds > 0.0))
    if len(mutual) < _FEW:
        return None
    bar = np.median(log_odds[mutual])
    surest, strict = mutual[log_odds[mutual] >= bar], log_odds >= bar
    copies = np.zeros(pairs.rows[0], dtype=bool)
    for number in range(_ROUNDS):
        found = _fit_without(copies, pairs, features, seed)
        scored = found.additive.log_odds(levels.cut(features))
        likely = found.curve(scored) >= 0.5
        if number == 0 and likely[surest].mean() < _KEPT:
            return None
        order = np.where(likely, scored + 1e6, log_odds)  # the better model's first
        before, copies = copies, _copies(pairs, np.flatnonzero(likely | strict), order)
        if (before != copies).mean() < _SETTLED:
            break
    return found


def _fit_without(copies: NDArray[np.bool_], pairs: Pairs, features: Features, seed: int) -> Paired:
    """Link the rows that are no further copies with themselves."""
    among = ~(copies[pairs.left] | copies[pairs.right])
    number = (np.cumsum(~copies) - 1).astype(np.int32)
    left, right = number[pairs.left[among]], number[pairs.right[among]]
    height = int((~copies).sum())
    both = np.concatenate([left, right]), np.concatenate([right, left])
    order = np.lexsort(both[::-1])
    doubled = Pairs(both[0][order], both[1][order], (height, height))
    values = np.tile(features.values[among], (2, 1))[order]
    scores = score(replace(features, values=values), doubled, "1:1", seed=seed)
    lost = fitted(scores.log_odds, scores.probability)  # the curve knows assigned pairs alone
    return Paired(scores.model.additive, scores.model.curve.at_most(lost))


def _is_mutual(pairs: Pairs, log_odds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell the pairs that are the best of both their rows."""
    best = np.full(pairs.rows[0], -np.inf)
    np.maximum.at(best, pairs.left, log_odds)
    np.maximum.at(best, pairs.right, log_odds)
    return np.asarray((log_odds >= best[pairs.left]) & (log_odds >= best[pairs.right]))


def _copies(
    pairs: Pairs, strong: NDArray[np.int64], log_odds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell the rows that make a triangle of strong pairs with a better pair."""
    strong = strong[np.argsort(-log_odds[strong], kind="stable")]
    ends = list(zip(pairs.left[strong].tolist(), pairs.right[strong].tolist(), strict=True))
    partners = _partners(ends)
    out = np.zeros(pairs.rows[0], dtype=bool)
    for one, other in ends:  # as many as rows have partners
        if len(partners[one]) > 1 < len(partners[other]) and not (out[one] or out[other]):
            out[list(partners[one] & partners[other])] = True
    return out


def _partners(ends: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for one, other in ends:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found

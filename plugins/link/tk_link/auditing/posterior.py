"""How many pairs of each stratum are true, given those that were judged and what was stated.

In stratum h of one side (accepted, or not) the log odds of a pair are ``a + b·logit(p_h) + d_h``,
where ``p_h`` is the mean stated likelihood: a common shift, a common slope (what is stated is
over-confident, so b is below 1) and a deviation of its own. The judged pairs of a stratum are a
simple random sample of it; the unjudged rest is drawn from the binomial at each posterior draw, so
that a stratum judged in full has no uncertainty left (finite population).

The priors are wide and lopsided. Deviations reach further towards "what is stated is too doubtful"
(no error among accepted pairs, no match far below the cut) than the other way, because an empty
stratum is common and cannot be told from 25 judgements. Their widths were set on 28 data sets until
intervals covered what the gold says (`benchmarks/linkage/audit.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

DRAWS = 4_000
_SHIFTS, _SLOPES, _DEVIATIONS = 25, 9, 21
"""Nodes of equal prior mass for a, b and d."""


@dataclass(frozen=True)
class Prior:
    """Prior of one side; spreads are standard deviations of two-piece normals, below and above."""

    shift: tuple[float, float]
    slope: tuple[float, float]
    deviation: tuple[float, float]


ACCEPTED_PRIOR = Prior(shift=(3.0, 2.0), slope=(0.8, 0.25), deviation=(2.0, 3.0))
OTHER_PRIOR = Prior(shift=(2.5, 1.3), slope=(0.85, 0.15), deviation=(5.0, 1.2))


@dataclass(frozen=True)
class Strata:
    """The strata of one side.

    Attributes:
        likelihood: Mean stated likelihood of each, 0..1.
        pairs: Pairs in each.
        judged: Of them, judged true or false.
        true: Of those, true.
    """

    likelihood: NDArray[np.float64]
    pairs: NDArray[np.int64]
    judged: NDArray[np.int64]
    true: NDArray[np.int64]


def draw_true(
    strata: Strata, prior: Prior, rng: np.random.Generator, *, draws: int = DRAWS
) -> NDArray[np.int64]:
    """Draw the number of true pairs in each stratum from its posterior, ``(draws, strata)``."""
    shift = _two_piece(*prior.shift, _SHIFTS)
    slope = np.maximum(prior.slope[0] + prior.slope[1] * norm.ppf(_middles(_SLOPES)), 0.1)
    deviation = _two_piece(*prior.deviation, _DEVIATIONS)
    level = np.log(strata.likelihood / (1.0 - strata.likelihood))
    common = (shift[:, None, None] + slope[:, None] * level).reshape(-1, len(level))
    rates = common[:, :, None] + deviation  # (grid, strata, deviations) log odds
    false = strata.judged - strata.true
    weight = np.exp(
        -strata.true[:, None] * np.logaddexp(0.0, -rates)
        - false[:, None] * np.logaddexp(0.0, rates)
    )
    log_grid = np.log(weight.sum(axis=2) + 1e-300).sum(axis=1)
    grid = np.exp(log_grid - log_grid.max())
    chosen = rng.choice(len(grid), draws, p=grid / grid.sum())
    steps = np.cumsum(weight[chosen], axis=2)
    at = (rng.random((draws, len(level), 1)) * steps[:, :, -1:] > steps).sum(axis=2)
    at = np.minimum(at, _DEVIATIONS - 1)
    rate = expit(np.take_along_axis(rates[chosen], at[:, :, None], axis=2)[:, :, 0])
    return np.asarray(strata.true + rng.binomial(strata.pairs - strata.judged, rate))


def _middles(count: int) -> NDArray[np.float64]:
    return np.asarray((np.arange(count) + 0.5) / count)


def _two_piece(below: float, above: float, count: int) -> NDArray[np.float64]:
    """Return nodes of equal mass of a normal with median 0 and another spread on either side."""
    z = norm.ppf(_middles(count))
    return np.asarray(np.where(z < 0, below * z, above * z))

"""Judgements by id brought to the sample that they were asked of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tk.errors import UsageError
from tk_link.auditing.estimate import Audit, estimate
from tk_link.auditing.judgements import Pair
from tk_link.auditing.population import Population

_CODES = {"y": 1, "n": 0, "u": -1}
_OPEN = -2


def judged_audit(
    population: Population,
    sample: NDArray[np.int64],
    judgements: Mapping[Pair, str],
    *,
    precision: float | None,
    seed: int,
) -> Audit:
    """Estimate from those judgements whose pairs are in the sample.

    Raises:
        InputError: No accepted pair is judged.
        UsageError: A judgement is none of y, n and u.
    """
    wrong = next((said for said in judgements.values() if said not in _CODES), None)
    if wrong is not None:
        raise UsageError(f"judgement {wrong!r} is none of y, n and u")
    said = [judgements.get(pair) for pair in pairs_of(population, sample)]
    verdict = np.array([_OPEN if j is None else _CODES[j] for j in said], dtype=np.int8)
    outside = len(judgements) - sum(j is not None for j in said)
    return estimate(population, sample, verdict, precision=precision, outside=outside, seed=seed)


def pairs_of(population: Population, sample: NDArray[np.int64]) -> list[Pair]:
    """Return the ids of sampled pairs."""
    return list(zip(population.left.gather(sample), population.right.gather(sample), strict=True))

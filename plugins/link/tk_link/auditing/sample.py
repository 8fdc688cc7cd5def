"""Which pairs to judge: a random sample of each stratum, more where more is at stake."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tk_link.auditing.population import Population
from tk_link.auditing.posterior import ACCEPTED_PRIOR, OTHER_PRIOR, Strata, draw_true

_DRAWS = 1_000


def draw_sample(population: Population, size: int, *, seed: int) -> NDArray[np.int64]:
    """Return positions of the pairs to judge, in an order that mixes the strata.

    Half of them are accepted pairs, which tell precision; the others tell what was missed. Within
    a side a stratum gets judgements in proportion to how uncertain its number of true pairs is
    before any judgement. A larger sample of the same seed holds the smaller one.

    Args:
        population: The pairs.
        size: Number of pairs to judge.
        seed: Seed of the draw.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(population))
    counts = allocate(population, size, seed=seed)
    stratum = population.stratum[order]
    arranged = order[np.argsort(stratum, kind="stable")]
    starts = np.searchsorted(np.sort(stratum), np.arange(len(counts)))
    picked = np.concatenate(
        [arranged[start : start + count] for start, count in zip(starts, counts, strict=True)]
    )
    mixed = np.random.default_rng(seed + 1).random(len(population))
    return np.asarray(picked[np.argsort(mixed[picked], kind="stable")])


def allocate(population: Population, size: int, *, seed: int) -> NDArray[np.int64]:
    """Return how many pairs of each stratum to judge."""
    pairs = np.bincount(population.stratum)
    likelihood = np.bincount(population.stratum, population.likelihood) / pairs
    accepted = np.zeros(len(pairs), dtype=bool)
    accepted[population.stratum[population.is_accepted]] = True
    wanted = np.array([-(-size // 2), size // 2])
    room = np.array([pairs[accepted].sum(), pairs[~accepted].sum()])
    spare = np.maximum(wanted - room, 0)
    wanted = np.minimum(wanted + spare[::-1], room)  # what one side has no pairs for
    out = np.zeros(len(pairs), dtype=np.int64)
    for side, count, prior in (
        (accepted, wanted[0], ACCEPTED_PRIOR),
        (~accepted, wanted[1], OTHER_PRIOR),
    ):
        if side.any():
            none = np.zeros(int(side.sum()), dtype=np.int64)
            strata = Strata(likelihood[side], pairs[side], none, none)
            rng = np.random.default_rng(seed)
            spread = draw_true(strata, prior, rng, draws=_DRAWS).std(axis=0)
            out[side] = _shared_out(int(count), pairs[side], spread)
    return out


def _shared_out(
    count: int, pairs: NDArray[np.int64], spread: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Give one judgement after the other to the stratum that most lacks one, none left out."""
    out = np.zeros(len(pairs), dtype=np.int64)
    for _ in range(min(count, int(pairs.sum()))):  # at most as many as a person judges
        lack = np.where(out == 0, 1e12 + spread, spread / (out + 0.5))
        out[np.argmax(np.where(out < pairs, lack, -1.0))] += 1
    return out

"""Plausible clusterings: the rows clustered again after the pairs' evidence was shaken.

There is no distribution over clusterings whose pair marginals are known and that can be drawn from
at scale. What is done instead is perturb-and-MAP [Papandreou & Yuille 2011]: in each draw
every scored pair's log odds get independent standard logistic noise, so that a pair alone reaches
an even chance exactly as often as its probability says, and the clustering that the run itself used
makes clusters of what came out. Clusters held by many pairs stay, those held by one doubtful pair
come and go.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from tk_link.candidates import Pairs
from tk_link.dedupe.clusters import group
from tk_link.dedupe.config import DedupeConfig, Method
from tk_link.dedupe.within import Within

_LEAST = 1e-12


def draw_clusterings(
    within: Within, config: DedupeConfig, method: Method, apart: NDArray[np.int64] | None
) -> pl.DataFrame:
    """Return ``draw, row, cluster`` of every row in each of ``config.draws`` clusterings."""
    return draw_groups(
        (within.pairs, within.probability),
        within.score,
        (method, config.min_prob),
        apart,
        draws=config.draws or 1,
        seed=config.seed,
    )


def draw_groups(
    scored: tuple[Pairs, NDArray[np.float64]],
    score: Callable[[Pairs], NDArray[np.float64]],
    rule: tuple[Method, float],
    apart: NDArray[np.int64] | None,
    *,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Return ``draw, row, cluster`` of every row in each draw.

    Args:
        scored: Pairs of rows of one table, and their probabilities.
        score: Returns those of other pairs.
        rule: How pairs become clusters, and the probability from which rows belong together.
        apart: A group number a row; rows of one group are never joined.
        draws: Number of clusterings.
        seed: Seed of the draws.
    """
    rng, (pairs, probability), (method, cut) = np.random.default_rng(seed), scored, rule

    def shaken(probability: NDArray[np.float64]) -> NDArray[np.float64]:
        evidence = logit(np.clip(probability, _LEAST, 1.0 - _LEAST))
        return np.asarray(expit(evidence + rng.logistic(size=len(evidence))))

    def others(pairs: Pairs) -> NDArray[np.float64]:
        return shaken(score(pairs))

    drawn = [
        group(pairs, shaken(probability), others, method=method, cut=cut, apart=apart)[0]
        for _ in range(draws)
    ]
    height = len(drawn[0])
    return pl.DataFrame(
        {
            "draw": np.repeat(np.arange(1, len(drawn) + 1), height),
            "row": np.tile(np.arange(height), len(drawn)),
            "cluster": np.concatenate(drawn),
        }
    )

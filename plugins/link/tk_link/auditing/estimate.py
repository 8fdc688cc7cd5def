"""From judged pairs to precision, recall and a better cut, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.auditing.population import Population
from tk_link.auditing.posterior import ACCEPTED_PRIOR, OTHER_PRIOR, Strata, draw_true
from tk_link.evaluation.resampling import Measure

_LEVELS = (0.025, 0.5, 0.975)
"""Of the posterior, for a 90% interval: the model is not exact, and with this margin intervals
cover what the gold says in 95% of audits over 28 data sets (benchmarks/linkage/audit.py)."""


@dataclass(frozen=True)
class Cut:
    """A probability from which to accept pairs, and what that would give.

    Attributes:
        cut: The probability, for ``--min-prob``.
        pairs: Pairs that would be accepted.
        precision: Their expected precision.
        recall: Their expected recall.
    """

    cut: float
    pairs: int
    precision: float
    recall: float


@dataclass(frozen=True)
class Audit:
    """What some judgements say of a run.

    Attributes:
        pairs: Accepted pairs.
        others: Pairs that were scored and not accepted.
        judged: Judged true or false, in the sample.
        unsure: Judged ``u``; they count as not judged.
        outside: Judgements of pairs that are not in the sample, which cannot count.
        precision: Share of the accepted pairs that is true.
        recall: Share of the true pairs among all scored that was accepted; None where the run
            wrote accepted pairs only. Pairs that were never compared are not in it.
        strata: ``accepted``, ``low``, ``high`` (likelihood), ``pairs``, ``judged``, ``true``,
            ``stated`` (share), ``share`` (estimated).
        cut: What to use in place of the run's cut; None where nothing can be said.
        wanted: The precision asked for with it, or None where F1 was made greatest.
    """

    pairs: int
    others: int
    judged: int
    unsure: int
    outside: int
    precision: Measure
    recall: Measure | None
    strata: pl.DataFrame
    cut: Cut | None
    wanted: float | None


def estimate(
    population: Population,
    sample: NDArray[np.int64],
    verdict: NDArray[np.int8],
    *,
    precision: float | None = None,
    outside: int = 0,
    seed: int = 0,
) -> Audit:
    """Estimate from the sample's judgements.

    Args:
        population: The pairs of the run.
        sample: Positions of the sampled pairs.
        verdict: For each, 1 true, 0 false, -1 unsure, -2 not judged.
        precision: Wanted precision of the recommended cut; None makes F1 greatest.
        outside: Number of judgements of other pairs, to report.
        seed: Seed of the posterior draws.

    Raises:
        InputError: No accepted pair has been judged.
    """
    known = verdict >= 0
    tally = _tally(population, sample[known], verdict[known])
    accepted = tally.accepted
    if not tally.judged[accepted].any():
        raise InputError(
            "no accepted pair is judged yet, so nothing can be said; judge some (y or n) first"
        )
    drawn = _drawn(tally, np.random.default_rng(seed))
    right, missed = drawn[:, accepted].sum(axis=1), drawn[:, ~accepted].sum(axis=1)
    all_right = bool((tally.true == tally.judged)[accepted].all())
    recall = right / np.maximum(right + missed, 1)
    share = drawn.mean(axis=0) / tally.pairs
    return Audit(
        pairs=int(tally.pairs[accepted].sum()),
        others=int(tally.pairs[~accepted].sum()),
        judged=int(known.sum()),
        unsure=int((verdict == -1).sum()),
        outside=outside,
        precision=_interval(right / tally.pairs[accepted].sum(), to_one=all_right),
        recall=_interval(recall, to_one=not tally.true[~accepted].any())
        if population.has_others
        else None,
        strata=_described(population, tally, share),
        cut=_best_cut(population, share, wanted=precision),
        wanted=precision,
    )


@dataclass(frozen=True)
class _Tally:
    """Counts by stratum; accepted strata come first."""

    accepted: NDArray[np.bool_]
    likelihood: NDArray[np.float64]
    pairs: NDArray[np.int64]
    judged: NDArray[np.int64]
    true: NDArray[np.int64]

    def side(self, chosen: NDArray[np.bool_]) -> Strata:
        return Strata(
            self.likelihood[chosen], self.pairs[chosen], self.judged[chosen], self.true[chosen]
        )


def _tally(population: Population, judged: NDArray[np.int64], verdict: NDArray[np.int8]) -> _Tally:
    pairs = np.bincount(population.stratum)
    accepted = np.bincount(population.stratum, population.is_accepted) > 0
    where = population.stratum[judged]
    return _Tally(
        accepted,
        np.bincount(population.stratum, population.likelihood) / pairs,
        pairs,
        np.bincount(where, minlength=len(pairs)),
        np.bincount(where[verdict == 1], minlength=len(pairs)),
    )


def _drawn(tally: _Tally, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw true pairs of every stratum, ``(draws, strata)``."""
    sides = ((tally.accepted, ACCEPTED_PRIOR), (~tally.accepted, OTHER_PRIOR))
    parts = [draw_true(tally.side(side), prior, rng) for side, prior in sides if side.any()]
    return np.concatenate(parts, axis=1)


def _interval(values: NDArray[np.float64], *, to_one: bool) -> Measure:
    """Return the median and the interval; it never excludes 1 where no judgement does."""
    low, middle, high = np.quantile(values, _LEVELS)
    return Measure(float(middle), float(low), 1.0 if to_one else float(high))


def _described(population: Population, tally: _Tally, share: NDArray[np.float64]) -> pl.DataFrame:
    ends = pl.DataFrame({"stratum": population.stratum, "p": population.likelihood})
    ends = ends.group_by("stratum").agg(low=pl.col("p").min(), high=pl.col("p").max())
    stated = np.bincount(population.stratum, population.probability) / tally.pairs
    return ends.sort("stratum").select(
        "low",
        "high",
        accepted=pl.Series(tally.accepted),
        pairs=pl.Series(tally.pairs),
        judged=pl.Series(tally.judged),
        true=pl.Series(tally.true),
        stated=pl.Series(stated),
        share=pl.Series(share),
    )


def _best_cut(
    population: Population, share: NDArray[np.float64], *, wanted: float | None
) -> Cut | None:
    """Return the cut with the greatest expected F1, or the lowest with the wanted precision.

    Each pair's probability is that of its stratum, spread inside it as its likelihood is.
    """
    chance = _recalibrated(population, share)
    total = float(chance.sum())
    eligible = population.is_accepted | population.is_best
    points = (
        pl.DataFrame({"cut": population.probability[eligible], "chance": chance[eligible]})
        .group_by("cut")
        .agg(pairs=pl.len(), true=pl.col("chance").sum())
        .sort("cut", descending=True)
        .with_columns(pl.col("pairs", "true").cum_sum())
        .with_columns(
            precision=pl.col("true") / pl.col("pairs"),
            recall=pl.col("true") / max(total, 1e-9),
            f1=2 * pl.col("true") / (pl.col("pairs") + total),
        )
    )
    if wanted is None:
        best = points.sort("f1", descending=True, maintain_order=True)
    else:
        best = points.filter(pl.col("precision") >= wanted).reverse()
    if best.is_empty():
        return None
    row = best.row(0, named=True)
    return Cut(float(row["cut"]), int(row["pairs"]), float(row["precision"]), float(row["recall"]))


def _recalibrated(population: Population, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return likelihoods shifted in each stratum, on the scale of log odds, to its share."""
    logit = np.log(population.likelihood / (1.0 - population.likelihood))
    out = np.empty(len(logit))
    for number, target in enumerate(share):  # a dozen strata
        inside = population.stratum == number
        low, high = -40.0, 40.0
        for _ in range(60):  # bisection: the mean rises with the shift
            middle = 0.5 * (low + high)
            mean = float((1.0 / (1.0 + np.exp(-(logit[inside] + middle)))).mean())
            low, high = (middle, high) if mean < target else (low, middle)
        out[inside] = 1.0 / (1.0 + np.exp(-(logit[inside] + low)))
    return out

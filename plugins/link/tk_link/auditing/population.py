"""The pairs of a run as what is sampled from: strata of pairs about equally likely to be true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.evaluation.columns import PROBABILITY, STATUS, named_pair
from tk_link.linkage import ACCEPTED
from tk_link.tables import Table

ACCEPTED_EDGES = (0.8, 0.95, 0.99)
OTHER_EDGES = (1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5)
"""Where strata of accepted pairs and of the others end, as likelihoods."""

OWN = "pair_probability"
"""Column of what two rows of one table say by themselves (`tk dedupe --pairs FILE --all`)."""

_LEAST, _MOST = 1e-7, 1.0 - 1e-6
_SHARED = 0.05
"""Share of accepted pairs whose row has several from which rows of that side are known to share."""
_MOST_BITS = 60.0


@dataclass(frozen=True)
class Population:
    """Every pair that a run wrote.

    Attributes:
        name: The file.
        left: Left ids, as text.
        right: Right ids.
        probability: Stated probability of each pair, 0..1.
        is_accepted: Whether the run joined it.
        likelihood: How likely it is to be true, as far as strata go (`_likelihood`), 0..1.
        stratum: Stratum of each pair, by falling likelihood from 0; accepted pairs come first.
        is_best: Whether no pair of either of its rows has a greater probability, so that a lower
            cut would accept it.
    """

    name: str
    left: pl.Series
    right: pl.Series
    probability: NDArray[np.float64]
    is_accepted: NDArray[np.bool_]
    likelihood: NDArray[np.float64]
    stratum: NDArray[np.int64]
    is_best: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.left)

    @property
    def has_others(self) -> bool:
        """Tell whether pairs that were not accepted are known, without which recall is not."""
        return not bool(self.is_accepted.all())


def read_population(table: Table) -> Population:
    """Understand what ``tk link --pairs`` or ``tk dedupe --pairs`` wrote, best with ``--all``.

    Raises:
        InputError: It holds no pairs, or pairs without probability.
    """
    ids = named_pair(table)
    if ids is None:
        raise InputError(
            f"{table.name} has no columns left_id and right_id; write pairs: "
            "tk link LEFT RIGHT --pairs --all -o pairs.csv, "
            "or tk dedupe FILE --pairs pairs.csv --all"
        )
    if PROBABILITY not in table.columns:
        raise InputError(
            f"{table.name} has no column {PROBABILITY}, without which pairs cannot be sampled by "
            "how sure they are; to compare it with a truth: tk eval"
        )
    frame = _read(table, ids).unique(["left", "right"], keep="first", maintain_order=True)
    if frame.is_empty():
        raise InputError(f"{table.name}: no row has a left id, a right id and a {PROBABILITY}")
    accepted = frame["accepted"].to_numpy()
    if not accepted.any():
        raise InputError(f"{table.name} holds no accepted pair; there is nothing to audit")
    probability = frame["probability"].to_numpy()
    likelihood = np.where(accepted, np.clip(probability, _LEAST, _MOST), _likelihood(frame))
    best = frame.select(
        pl.all_horizontal(
            pl.col("probability") >= pl.col("probability").max().over(side)
            for side in ("left", "right")
        )
    )
    is_scored = "score" in frame.columns
    return Population(
        name=table.name,
        left=frame["left"],
        right=frame["right"],
        probability=probability,
        is_accepted=accepted,
        likelihood=likelihood,
        stratum=_strata(likelihood, accepted),
        is_best=best.to_series().to_numpy() if is_scored else np.ones(len(frame), dtype=bool),
    )


def _read(table: Table, ids: tuple[str, str]) -> pl.DataFrame:
    """Return ``left, right, probability, accepted``, and ``score`` in bits or ``own``, if there.

    Raises:
        InputError: A probability is none.
    """
    text = table.text
    accepted = pl.col(STATUS).is_in(ACCEPTED) if STATUS in text.columns else pl.lit(value=True)
    frame = text.select(
        left=pl.col(ids[0]),
        right=pl.col(ids[1]),
        probability=pl.col(PROBABILITY).cast(pl.Float64, strict=False),
        accepted=accepted,
    )
    if "match_score" in text.columns:
        score = text["match_score"].cast(pl.Float64, strict=False)
        frame = frame.with_columns(score=score)
    if OWN in text.columns:
        own = text[OWN].cast(pl.Float64, strict=False).fill_null(frame["probability"])
        frame = frame.with_columns(own=own)
    wrong = text[PROBABILITY].filter(
        text[PROBABILITY].is_not_null()
        & ~frame["probability"].is_between(0, 1).fill_null(value=False)
    )
    if len(wrong):
        raise InputError(
            f"{table.name}: {PROBABILITY} is {wrong[0]!r} in {len(wrong):,} rows; "
            "it must lie between 0 and 1"
        )
    return frame.drop_nulls()


def _likelihood(frame: pl.DataFrame) -> NDArray[np.float64]:
    """Return how likely a pair that was not accepted is to be true.

    Calibrated probabilities have plateaus, on which many pairs look alike; scores have none but are
    over-confident. In between lies, on the scale of log odds, their mean: the probability as stated
    and the one that the scores of a pair's rivals leave it. Clusters likewise push all pairs
    between two blocks to one probability, whatever a pair says by itself: there the other one is
    its own.
    """
    stated = np.clip(frame["probability"].to_numpy(), 1e-6, _MOST)
    if "own" in frame.columns:
        return _between(stated, np.clip(frame["own"].to_numpy(), 1e-6, _MOST))
    if "score" not in frame.columns:
        return np.asarray(stated)
    odds = np.exp2(np.clip(frame["score"].to_numpy(), -_MOST_BITS, _MOST_BITS))
    among = frame.with_columns(odds=odds)
    accepted = frame.filter("accepted")
    left = odds / (1.0 + odds)
    for side in ("left", "right"):
        if float(accepted[side].is_duplicated().to_numpy().mean()) <= _SHARED:
            sums = among.select(pl.col("odds").sum().over(side)).to_series().to_numpy()
            left = np.minimum(left, odds / (1.0 + sums))
    return _between(stated, np.clip(left, _LEAST, _MOST))


def _between(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of two probabilities on the scale of log odds."""
    odds = np.sqrt(one / (1.0 - one) * other / (1.0 - other))
    return np.asarray(odds / (1.0 + odds))


def _strata(likelihood: NDArray[np.float64], accepted: NDArray[np.bool_]) -> NDArray[np.int64]:
    upper = len(ACCEPTED_EDGES) - np.searchsorted(ACCEPTED_EDGES, likelihood, "right")
    lower = len(OTHER_EDGES) - np.searchsorted(OTHER_EDGES, likelihood, "right")
    numbers = np.where(accepted, upper, len(ACCEPTED_EDGES) + 1 + lower)
    return np.asarray(np.unique(numbers, return_inverse=True)[1], dtype=np.int64)

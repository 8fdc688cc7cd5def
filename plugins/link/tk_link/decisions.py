"""From probabilities to decided pairs: who wins, the cut, ties, losers, ranks and margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import QualityError
from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.config import LinkConfig
from tk_link.guard import Guard, unguarded
from tk_link.judging.earlier_links import EarlierLinks
from tk_link.judging.links import Bound, unbound
from tk_link.linkage import PAIR_SCHEMA, Cardinality
from tk_link.scoring.matching import assign
from tk_link.scoring.score import Scores

_Z90 = 1.645


@dataclass(frozen=True)
class Decision:
    """Decided pairs, the cut, and what to expect of them.

    Attributes:
        positions: Positions of the shown pairs among the candidates.
        pairs: `tk_link.linkage.PAIR_SCHEMA`, row for row with ``positions``.
        cut: Probability from which a pair was accepted.
        cut_reason: How the cut was found.
        precision: Mean probability of the accepted pairs; 1 where there are none.
        precision_range: 90% range of it.
    """

    positions: NDArray[np.int64]
    pairs: pl.DataFrame
    cut: float
    cut_reason: str
    precision: float
    precision_range: tuple[float, float]


def decide(
    pairs: Pairs,
    features: Features,
    scores: Scores,
    how: Cardinality,
    config: LinkConfig,
    *,
    guard: Guard | None = None,
    bound: Bound | None = None,
    earlier: EarlierLinks | None = None,
) -> Decision:
    """Decide every left row.

    A pair that ``guard`` bars is never accepted. What judgements ``bound`` comes before all that is
    decided here, and the rest is decided around it. Clusters of ``earlier`` links, which are bound
    too, are not joined.

    Raises:
        QualityError: The precision asked for cannot be reached.
    """
    guard, bound = guard or unguarded(len(pairs)), bound or unbound(len(pairs))
    order = scores.order() + 2.0 * bound.is_fixed  # above every probability
    fixed, is_open = np.flatnonzero(bound.is_fixed), bound.is_open & ~guard.is_barred
    kept = assign(pairs, order, how, is_open)
    tied = _tied(pairs, features, order, how, is_open)
    kept = np.union1d(kept[~tied[kept]], fixed)
    cut, reason = _cut(scores, kept, config)
    accepted = np.union1d(kept[scores.probability[kept] >= cut], fixed)
    if config.ties != "drop":  # rivals alike share one probability; what counts is the pair alone
        tied_well = np.flatnonzero(tied & (scores.alone >= cut))
        level = np.zeros(len(pairs))
        level[accepted] = 1.0
        accepted = np.union1d(accepted, tied_well)
        if config.ties == "first":  # of equals, the first in the table
            accepted = np.setdiff1d(accepted, fixed)
            accepted = assign(pairs, level, how, np.isin(np.arange(len(pairs)), accepted))
            accepted = np.union1d(accepted, fixed)
    if earlier is not None:
        accepted = np.setdiff1d(accepted, earlier.bridges(pairs, bound, accepted, order))
    frame = _frame(
        pairs,
        scores,
        order,
        accepted=accepted,
        tied=tied,
        guard=guard,
        is_fixed=bound.is_fixed,
        cut=cut,
        config=config,
    )
    shown = frame["position"].to_numpy()
    chances = frame.filter("accepted")["match_probability"].to_numpy()  # what --top left
    precision = float(chances.mean()) if len(chances) else 1.0
    spread = float(np.sqrt((chances * (1 - chances)).sum())) / max(len(chances), 1)
    return Decision(
        shown,
        frame.select(list(PAIR_SCHEMA)).cast(PAIR_SCHEMA),  # type: ignore[arg-type]
        cut,
        reason,
        precision,
        (max(precision - _Z90 * spread, 0.0), min(precision + _Z90 * spread, 1.0)),
    )


def _cut(scores: Scores, kept: NDArray[np.int64], config: LinkConfig) -> tuple[float, str]:
    if config.precision is None:
        if config.review_band is not None:
            return config.review_band[0], "lower end of --review-band"
        return config.min_prob, "an even chance" if config.min_prob == 0.5 else "--min-prob"
    return cut_for(scores.probability[kept], config.precision), (
        f"lowest with estimated precision {config.precision:g} or more (--precision)"
    )


def cut_for(chances: NDArray[np.float64], precision: float) -> float:
    """Return the lowest probability from which pairs of these have a precision.

    Raises:
        QualityError: None has.
    """
    chances = np.sort(chances)[::-1]
    running = np.cumsum(chances) / np.arange(1, len(chances) + 1)
    enough = np.flatnonzero(running >= precision)
    if not len(enough):
        best = float(running.max(initial=0.0))
        raise QualityError(
            f"precision {precision:g} cannot be reached: the surest pairs are right with an "
            f"estimated {best:.4f}; ask for less, or add columns that tell rows apart (--on)"
        )
    return float(chances[enough[-1]])


def _tied(
    pairs: Pairs,
    features: Features,
    order: NDArray[np.float64],
    how: Cardinality,
    among: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Tell the pairs whose row has another candidate that compares exactly alike, both best.

    Pairs that are not in ``among`` are nobody's twins.

    Where neither row may share its partner, both must be best for both their rows.
    """
    if how == "m:m":
        return np.zeros(len(pairs), dtype=bool)
    out = np.zeros(len(pairs), dtype=bool)
    pairs, order = pairs.only(among), order[among]
    several, is_best = np.zeros(len(pairs), dtype=bool), np.ones(len(pairs), dtype=bool)
    alike = pl.DataFrame({"left": pairs.left, "right": pairs.right, "order": order}).hstack(
        [pl.Series(str(n), column).round(4) for n, column in enumerate(features.values[among].T)]
    )
    columns = [c for c in alike.columns if c not in ("left", "right", "order")]
    for row in ("left", "right"):
        if how in ("1:1", "m:1" if row == "left" else "1:m"):
            twins = [row, *columns]
            best = pl.col("order").max().over(twins) == pl.col("order").max().over(row)
            found = alike.select(best=best, several=pl.len().over(twins) > 1)
            is_best &= found["best"].to_numpy()
            several |= found["several"].to_numpy()
    out[among] = is_best & several
    return out


def _frame(
    pairs: Pairs,
    scores: Scores,
    order: NDArray[np.float64],
    *,
    accepted: NDArray[np.int64],
    tied: NDArray[np.bool_],
    guard: Guard,
    is_fixed: NDArray[np.bool_],
    cut: float,
    config: LinkConfig,
) -> pl.DataFrame:
    """Return accepted pairs and the best candidate of every other left row, with statuses."""
    is_accepted = np.zeros(len(pairs), dtype=bool)
    is_accepted[accepted] = True
    right_taken = np.zeros(pairs.rows[1], dtype=bool)
    right_taken[pairs.right[accepted]] = True
    low, high = config.review_band or (0.0, 0.0)
    frame = pl.DataFrame(
        {
            "position": np.arange(len(pairs)),
            "left_row": pairs.left,
            "right_row": pairs.right,
            "match_probability": scores.probability,
            "match_score": scores.log_odds / np.log(2),
            "order": order,
            "alone": scores.alone,
            "accepted": is_accepted,
            "tied": tied,
            "taken": right_taken[pairs.right],
            "variant": guard.is_variant,
            "fixed": is_fixed,
        }
    )
    in_band = pl.col("match_probability").is_between(low, high, closed="left")
    status = (
        pl.when(pl.col("accepted") & in_band)
        .then(pl.lit("review"))
        .when("accepted")
        .then(pl.lit("match"))
        .when("variant")
        .then(pl.lit("variant"))
        .when(pl.col("tied") & (pl.col("alone") >= cut))
        .then(pl.lit("tie"))
        .when(pl.col("taken") & (pl.col("alone") >= cut))
        .then(pl.lit("lost"))
        .otherwise(pl.lit("none"))
    )
    kind = (
        pl.when("accepted")
        .then(pl.lit("same"))
        .when("variant")
        .then(pl.lit("variant"))
        .when(pl.col("match_status") == "none")
        .then(pl.lit("different"))
    )
    # of candidates that were not taken, a variant says more than a stranger
    telling = pl.when("variant").then(pl.max_horizontal("alone", pl.lit(cut))).otherwise("alone")
    best_alone = telling.rank("ordinal", descending=True).over("left_row")
    frame = frame.sort(["left_row", "order", "right_row"], descending=[False, True, False])
    frame = frame.with_columns(status.alias("match_status")).with_columns(
        kind.alias("match_kind"),
        pl.int_range(1, pl.len() + 1).over("left_row").alias("match_rank"),
        _margin().alias("match_margin"),
        best_alone.alias("best"),
        pl.col("accepted").any().over("left_row").alias("done"),
        pl.col("accepted").cum_sum().over("left_row").alias("nth"),
    )
    beyond_top = pl.col("nth") > (config.top or len(pairs))
    too_many = pl.col("accepted") & beyond_top & ~pl.col("fixed")
    frame = frame.filter(~too_many)
    if config.all_pairs:
        return frame
    return frame.filter(pl.col("accepted") | (~pl.col("done") & (pl.col("best") == 1)))


def _margin() -> pl.Expr:
    """Return the probability minus that of the row's best other candidate."""
    chance = pl.col("match_probability")
    first = chance.max().over("left_row")
    second = chance.top_k(2).min().over("left_row")
    alone = pl.len().over("left_row") == 1
    rival = pl.when(alone).then(0.0).when(chance == first).then(second).otherwise(first)
    return chance - rival

"""`tk eval` as a Python call. Nothing heavy is imported until it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tk.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from tk_link.evaluation.columns import Kind
    from tk_link.evaluation.curve import Calibration, Curve
    from tk_link.evaluation.measures import ClusterCounts, Rates

Tables = Literal["auto", "one", "two"]


@dataclass(frozen=True)
class Evaluation:
    """How right a prediction is.

    Attributes:
        is_within: Whether the pairs are of one table, where transitive closure counts.
        predicted: Accepted pairs; of clusters, all pairs in one.
        true: True pairs.
        both: Pairs that are accepted and true.
        pairwise: Precision, recall and F1 of pairs.
        bcubed: The same row by row, for clusters.
        clusters: Numbers of clusters, where there are any.
        curve: Every cut, where pairs have probabilities.
        calibration: Stated against true, likewise.
        notes: What a person should know of how the files were read.
    """

    is_within: bool
    predicted: int
    true: int
    both: int
    pairwise: Rates
    bcubed: Rates | None = None
    clusters: ClusterCounts | None = None
    curve: Curve | None = None
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()


def evaluate(
    predicted: object,
    truth: object,
    *,
    tables: Tables = "auto",
    pred_kind: Kind | None = None,
    truth_kind: Kind | None = None,
    pred_columns: tuple[str, str] | None = None,
    truth_columns: tuple[str, str] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Compare links or clusters with the truth.

    Args:
        predicted: A frame or the path of a file: what `link` or `dedupe` returned or wrote, its
            pairs, or any table of two id columns or of an id and a cluster.
        truth: True pairs, pairs labelled true and false, or true clusters.
        tables: Whether all ids are of ``one`` table or of ``two``; ``auto`` finds out.
        pred_kind: What the prediction states, where its column names do not say.
        truth_kind: Likewise for the truth.
        pred_columns: The two columns to read: left and right id, or id and cluster.
        truth_columns: Likewise for the truth.
        seed: Seed of the bootstrap intervals.

    Raises:
        InputError: A table cannot be understood, or the two have no id in common.
        UsageError: An option is impossible.
    """
    _check(tables, pred_kind, truth_kind)
    from tk_link.api import table_of  # noqa: PLC0415 - see the module's docstring
    from tk_link.evaluation.cases import match_up  # noqa: PLC0415
    from tk_link.evaluation.curve import calibration, curve  # noqa: PLC0415
    from tk_link.evaluation.measures import cluster_rates, pair_rates  # noqa: PLC0415
    from tk_link.evaluation.stated import read_predicted, read_truth  # noqa: PLC0415

    table, gold = table_of(predicted, "the prediction"), table_of(truth, "the truth")
    true = read_truth(gold, kind=truth_kind, names=truth_columns)
    stated = read_predicted(table, true, kind=pred_kind, names=pred_columns)
    is_within = None if tables == "auto" else tables == "one"
    cases = match_up(stated, true, is_within=is_within)
    more = (curve(cases), calibration(cases), cases.notes)
    if cases.cells is None:
        rates, counts = pair_rates(cases, seed=seed)
        return Evaluation(cases.is_within, *counts, rates, None, None, *more)
    rates, bcubed, counts, clusters = cluster_rates(cases.cells, seed=seed)
    return Evaluation(cases.is_within, *counts, rates, bcubed, clusters, *more)


def _check(tables: str, *kinds: str | None) -> None:
    if tables not in ("auto", "one", "two"):
        raise NotFoundError("number of tables", tables, ("auto", "one", "two"))
    for kind in kinds:
        if kind not in (None, "pairs", "clusters"):
            raise NotFoundError("kind", kind, ("pairs", "clusters"))
    if tables == "two" and "clusters" in kinds:
        raise UsageError("clusters are of one table; use --tables one, or pairs")

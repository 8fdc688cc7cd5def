"""Precision, recall and F1 of pairs, pairwise or B-cubed of clusters, each with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk_link.evaluation.cases import Cases
from tk_link.evaluation.resampling import Measure, measure, ratio


@dataclass(frozen=True)
class Rates:
    """Three measures of one kind."""

    precision: Measure
    recall: Measure
    f1: Measure


@dataclass(frozen=True)
class ClusterCounts:
    """Clusters of two rows or more.

    Attributes:
        predicted: Clusters in the prediction.
        true: Clusters in the truth.
        exact: True clusters that were found as they are.
        split: True clusters whose rows lie in several predicted ones.
        merged: Predicted clusters that hold rows of several true ones.
    """

    predicted: int
    true: int
    exact: int
    split: int
    merged: int


def pair_rates(cases: Cases, *, seed: int) -> tuple[Rates, tuple[int, int, int]]:
    """Return the rates of accepted pairs, and the counts predicted, true and in both."""
    pairs = cases.pairs.filter(pl.col("is_accepted") | pl.col("is_true"))
    side = ("", "") if cases.is_within else ("l", "r")  # ids of two tables may collide
    part = _components(side[0] + pairs["left"], side[1] + pairs["right"])
    accepted, true = (pairs[name].to_numpy() for name in ("is_accepted", "is_true"))
    return _rates(_summed(part, [accepted, true, accepted & true]), seed)


def cluster_rates(
    cells: pl.DataFrame, *, seed: int
) -> tuple[Rates, Rates, tuple[int, int, int], ClusterCounts]:
    """Return pairwise rates, B-cubed rates [Bagga & Baldwin 1998], pair counts, cluster counts.

    B-cubed averages over rows: the share of a row's predicted cluster that is truly with it
    (precision), and of its true cluster that was found with it (recall).

    Args:
        cells: `Cases.cells`.
        seed: Seed of the intervals.
    """
    whole = cells.with_columns(
        predicted_rows=pl.col("rows").sum().over("predicted"),
        true_rows=pl.col("rows").sum().over("true"),
    )
    both, predicted, true = (
        whole[name].to_numpy().astype(np.float64)
        for name in ("rows", "predicted_rows", "true_rows")
    )
    part = _components(
        "p" + whole["predicted"].cast(pl.String), "t" + whole["true"].cast(pl.String)
    )
    # Each cell holds its share of the pairs of its predicted and its true cluster.
    pairs = [both * (predicted - 1) / 2, both * (true - 1) / 2, both * (both - 1) / 2]
    rates, counts = _rates(_summed(part, pairs), seed)
    cubed = _summed(part, [both, both**2 / predicted, both**2 / true])
    bcubed = Rates(*measure(cubed, _bcubed, seed=seed))
    alone = (pl.col("rows") == pl.col("predicted_rows")) & (pl.col("rows") == pl.col("true_rows"))
    several = whole.filter(pl.col("true_rows") > 1)
    return (
        rates,
        bcubed,
        counts,
        ClusterCounts(
            predicted=whole.filter(pl.col("predicted_rows") > 1)["predicted"].n_unique(),
            true=several["true"].n_unique(),
            exact=len(several.filter(alone)),
            split=several.filter(pl.col("rows") < pl.col("true_rows"))["true"].n_unique(),
            merged=whole.filter(pl.col("rows") < pl.col("predicted_rows"))["predicted"].n_unique(),
        ),
    )


def _rates(counts: NDArray[np.float64], seed: int) -> tuple[Rates, tuple[int, int, int]]:
    predicted, true, both = (round(float(value)) for value in counts.sum(axis=0))
    return Rates(*measure(counts, _pairwise, seed=seed)), (predicted, true, both)


def _pairwise(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    predicted, true, both = sums.T
    rates = [ratio(both, predicted), ratio(both, true), ratio(2 * both, predicted + true)]
    return np.stack(rates, axis=1)


def _bcubed(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, pure, whole = sums.T
    precision, recall = ratio(pure, rows), ratio(whole, rows)
    f1 = ratio(2 * precision * recall, precision + recall)
    return np.stack([precision, recall, f1], axis=1)


def _summed(part: NDArray[np.int64], values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return ``(components, values)`` sums."""
    size = int(part.max(initial=-1)) + 1
    return np.stack([np.bincount(part, value, minlength=size) for value in values], axis=1)


def _components(left: pl.Series, right: pl.Series) -> NDArray[np.int64]:
    """Number the connected component of each edge."""
    nodes = pl.concat([left, right]).unique(maintain_order=True)
    rank = nodes.to_frame("node").with_row_index("at")
    at = [
        side.to_frame("node").join(rank, on="node", how="left", maintain_order="left")["at"]
        for side in (left, right)
    ]
    graph = sparse.coo_matrix((np.ones(len(left)), (at[0], at[1])), (len(nodes), len(nodes)))
    label = connected_components(graph, directed=False)[1]
    return np.asarray(label[at[0].to_numpy()], dtype=np.int64)

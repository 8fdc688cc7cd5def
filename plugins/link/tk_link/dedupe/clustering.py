"""The outcome of one deduplication: which rows are one entity, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from tk_link.candidates import Pairs
from tk_link.dedupe.config import Method
from tk_link.dense.choice import BY_LETTERS, Choice
from tk_link.fields import Field
from tk_link.linkage import Skipped


@dataclass(frozen=True)
class Clustering:
    """What one run found.

    Attributes:
        fields: The compared columns.
        skipped: The columns left out, each with its reason.
        id_column: Column that names rows, or None where the row number does.
        method: How pairs became clusters; not what was asked for where that swallowed the table.
        rows: One row a table row, in its order: ``cluster`` (first row of the cluster),
            ``cluster_size``, ``cluster_confidence`` (0..1), ``is_canonical``.
        pairs: Pairs joined in one cluster: ``left_row``, ``right_row``, ``match_probability``, and
            ``pair_probability``, what it was before the clusters had their say (`own_added`).
        apart: Likewise the scored pairs that were not joined.
        borderline: The pairs nearest the cut, with ``is_joined``.
        candidates: Number of pairs scored.
        draws: Where asked for, plausible clusterings (`tk_link.dedupe.draws`): ``draw`` from 1,
            ``row``, ``cluster``.
        ids: The id of each row's cluster where a state keeps ids; else the first row gives it.
        precision: Estimated share of true pairs among those joined, 0..1.
        choice: Whether candidates were found by letters, by meaning or by both, and why.
        retrieval_notes: What was encoded and searched.
        timings: Seconds per stage.
        warnings: What the user should know before trusting the result.
    """

    fields: tuple[Field, ...]
    skipped: tuple[Skipped, ...]
    id_column: str | None
    method: Method
    rows: pl.DataFrame
    pairs: pl.DataFrame
    borderline: pl.DataFrame
    candidates: int
    precision: float
    choice: Choice = BY_LETTERS
    retrieval_notes: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    apart: pl.DataFrame = field(default_factory=pl.DataFrame)
    draws: pl.DataFrame | None = None
    ids: pl.Series | None = None


def rows_frame(
    cluster: NDArray[np.int64], known: sparse.csr_matrix, filled: NDArray[np.int64]
) -> pl.DataFrame:
    """Return `Clustering.rows`.

    Confidence is that of the cluster's weakest member: the probability of its surest link into the
    cluster, the smallest over members; for a row alone, the chance that no other row is its twin.
    Canonical is the row with most cells filled, of equals the first.

    Args:
        cluster: Cluster of each row.
        known: Symmetric matrix of pair probabilities.
        filled: Number of filled cells of each row.
    """
    links = known.tocoo()
    inside = cluster[links.row] == cluster[links.col]
    surest, other = np.zeros(len(cluster)), np.zeros(len(cluster))
    np.maximum.at(surest, links.row[inside], links.data[inside])
    np.maximum.at(other, links.row[~inside], links.data[~inside])
    frame = pl.DataFrame(
        {"cluster": cluster, "filled": filled, "surest": surest, "other": other}
    ).with_columns(cluster_size=pl.len().over("cluster").cast(pl.Int64))
    alone = pl.col("cluster_size") == 1
    best = pl.col("filled").arg_max().over("cluster")
    return frame.select(
        "cluster",
        "cluster_size",
        cluster_confidence=pl.when(alone)
        .then(1.0 - pl.col("other"))
        .otherwise(pl.col("surest").min().over("cluster")),
        is_canonical=pl.int_range(pl.len()).over("cluster") == best,
    )


def pairs_frame(cluster: NDArray[np.int64], known: sparse.csr_matrix) -> pl.DataFrame:
    """Return every scored pair, smaller row left, and whether one cluster holds both rows.

    Returns:
        Columns ``left_row``, ``right_row``, ``match_probability``, ``is_joined``.
    """
    links = sparse.triu(known, 1).tocoo()
    return pl.DataFrame(
        {
            "left_row": links.row.astype(np.int64),
            "right_row": links.col.astype(np.int64),
            "match_probability": links.data,
            "is_joined": cluster[links.row] == cluster[links.col],
        }
    ).sort("left_row", "right_row")


def own_added(scored: pl.DataFrame, pairs: Pairs, probability: NDArray[np.float64]) -> pl.DataFrame:
    """Add ``pair_probability``, what two rows say by themselves, to `pairs_frame`.

    Clusters overrule it: of two blocks that stay apart every pair is unlikely. It is null for pairs
    that were compared only because their component needed them.

    Args:
        scored: What `pairs_frame` returned.
        pairs: The candidates, smaller row left.
        probability: Their probabilities before they were grouped, 0..1.
    """
    own = pl.DataFrame(
        {
            "left_row": pairs.left.astype(np.int64),
            "right_row": pairs.right.astype(np.int64),
            "pair_probability": probability,
        }
    )
    return scored.join(own, on=["left_row", "right_row"], how="left", maintain_order="left")

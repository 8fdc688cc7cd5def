"""What a deduplication came to, in figures: clusters, the largest and the weakest, close calls."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.stack import Stack
from tk_link.outcome import described


@dataclass(frozen=True)
class Outcome:
    """Figures for people and programs.

    Attributes:
        clusters: Clusters of two rows or more.
        rows: Rows in them.
        largest: The largest: ``cluster_size``, ``cluster_confidence`` and ``row``, in words.
        weakest: Likewise those with the least confidence.
        borderline: The pairs nearest the cut: ``match_probability``, ``is_joined``, ``left``,
            ``right``, the rows in words.
    """

    clusters: int
    rows: int
    largest: pl.DataFrame
    weakest: pl.DataFrame
    borderline: pl.DataFrame


def figures(clustering: Clustering, stack: Stack, *, size: int = 3) -> Outcome:
    """Count clusters and pick out `size` of each kind."""
    words = described(stack.table, [field.left for field in clustering.fields])
    joined = clustering.rows.with_columns(row=words).filter(pl.col("cluster_size") > 1)
    heads = joined.filter("is_canonical")
    shown = ("cluster_size", "cluster_confidence", "row")
    pairs = clustering.borderline
    return Outcome(
        clusters=len(heads),
        rows=len(joined),
        largest=heads.sort("cluster_size", "cluster", descending=[True, False]).head(size)[shown],
        weakest=heads.sort("cluster_confidence", "cluster").head(size)[shown],
        borderline=pairs.select(
            "match_probability",
            "is_joined",
            left=words.gather(pairs["left_row"]),
            right=words.gather(pairs["right_row"]),
        ),
    )

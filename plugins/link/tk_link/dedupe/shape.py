"""The output frames: the user's rows with their clusters in front, and the joined pairs."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.golden import merge
from tk_link.dedupe.naming import row_names
from tk_link.dedupe.stack import Stack
from tk_link.shape import distinct

OURS = ("cluster_id", "cluster_size", "cluster_confidence", "is_canonical")
"""Our columns, before all the user's."""


def shape(clustering: Clustering, stack: Stack, config: DedupeConfig) -> pl.DataFrame:
    """Return our columns and the user's, for the rows that `config` keeps, in their order.

    Where clusterings were drawn they are the output: ``draw, id, cluster_id``.
    Where one of ours clashes with a user's column, ours gets a trailing underscore.
    """
    rows = clustering.rows
    if clustering.draws is not None:
        called = names(clustering, stack)
        return clustering.draws.select(
            "draw",
            called.gather(clustering.draws["row"]).alias("id"),
            called.gather(clustering.draws["cluster"]).alias("cluster_id"),
        )
    ours = rows.select(
        cluster_ids(clustering, stack).alias(OURS[0]),
        "cluster_size",
        pl.col("cluster_confidence").round(6),
        "is_canonical",
    )
    ours.columns = list(distinct(list(OURS), {*stack.table.columns}, "_"))
    is_first = rows["cluster"] == pl.int_range(len(rows), eager=True)
    match config.keep:
        case "all":
            return ours.hstack(stack.table.frame)
        case "first":
            return ours.hstack(stack.table.frame).filter(is_first)
        case "best":
            return ours.hstack(stack.table.frame).filter(rows["is_canonical"])
        case "golden":
            whole = {clustering.id_column, config.source, stack.source} - {None}
            merged = merge(stack.table, rows, config.golden, whole=[name for name in whole if name])
            ours = ours.with_columns(pl.lit(True).alias(ours.columns[3]))
            return ours.filter(is_first).hstack(merged)


def pairs_frame(clustering: Clustering, stack: Stack) -> pl.DataFrame:
    """Return ``left_id, right_id, match_probability`` of the joined pairs."""
    called, pairs = names(clustering, stack), clustering.pairs
    return pl.DataFrame(
        {
            "left_id": called.gather(pairs["left_row"]),
            "right_id": called.gather(pairs["right_row"]),
            "match_probability": pairs["match_probability"].round(6),
        }
    )


def all_pairs_frame(clustering: Clustering, stack: Stack) -> pl.DataFrame:
    """Return every scored pair as `pairs_frame` does, with what more is known of it.

    That is ``pair_probability``, what the two rows say by themselves (a state of an earlier version
    has none), and ``match_status``: match or none.
    """
    both = [
        pairs_frame(replace(clustering, pairs=pairs), stack).with_columns(
            pairs.select(pl.col("^pair_probability$").round(6)), match_status=pl.lit(status)
        )
        for pairs, status in ((clustering.pairs, "match"), (clustering.apart, "none"))
        if len(pairs)
    ]
    return pl.concat(both) if both else pairs_frame(clustering, stack)


def cluster_ids(clustering: Clustering, stack: Stack) -> pl.Series:
    """Return the id of each row's cluster: what a state keeps, or the name of the first row."""
    if clustering.ids is not None:
        return clustering.ids
    return names(clustering, stack).gather(clustering.rows["cluster"])


def names(clustering: Clustering, stack: Stack) -> pl.Series:
    """Return what each row is called, as text."""
    return row_names(stack.table, clustering.id_column, stack.source)


def renamed(stack: Stack) -> dict[str, str]:
    """Return the new names of those of our columns that clash with the user's."""
    new = distinct(list(OURS), {*stack.table.columns}, "_")
    return {ours: name for ours, name in zip(OURS, new, strict=True) if ours != name}

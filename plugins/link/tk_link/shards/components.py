"""Connected components of a graph that no process holds.

Large-star and small-star operations (Kiveris, Lattanzi, Mirrokni, Rastogi & Vassilvitskii 2014,
"Connected components in MapReduce and beyond") take turns until every row points at the smallest
of its component. Each shard holds the edges of its own rows; the leader sees a count and a checksum
of each. Before the first turn every shard contracts the edges that it has, which settles nearly
all of the small components that duplicates form.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk_link.shards.store import Frames, Stage, Values, Workshop

ShardOf = Callable[[pl.Series], pl.Series]
Edges = Callable[[int], pl.DataFrame]

_CHECK = 1 << 31


def connect(shop: Workshop, edges: Edges, shard_of: ShardOf, count: int) -> Stage:
    """Return a stage whose ``edges`` hold ``a``, ``b`` and with them each row's smallest neighbour.

    After it a row's component is named by the smallest of itself and its ``b``.

    Args:
        shop: Does the work.
        edges: Returns a shard's edges ``left``, ``right``; picklable.
        shard_of: Returns the shard of each row.
        count: Shards.
    """
    stage, _ = shop.run("contract", partial(contract, edges, shard_of), count)
    before: list[Values] | None = None
    turn = 0
    while True:
        large, notes = shop.run(f"large-star-{turn}", partial(large_star, stage, shard_of), count)
        now = [note.values for note in notes]
        if now == before:
            return stage
        before = now
        stage, _ = shop.run(f"small-star-{turn}", partial(small_star, large, shard_of), count)
        turn += 1


def contract(edges: Edges, shard_of: ShardOf, shard: int) -> tuple[Frames, Values]:
    """Replace a shard's edges by stars: each row and the smallest that it is connected to here."""
    found = edges(shard)
    ends = np.concatenate([found["left"].to_numpy(), found["right"].to_numpy()])
    rows, place = np.unique(ends, return_inverse=True)
    left, right = place[: len(found)], place[len(found) :]
    shape = (len(rows), len(rows))
    graph = sparse.coo_matrix((np.ones(len(found), dtype=bool), (left, right)), shape)
    label = connected_components(graph, directed=False)[1] if len(rows) else rows
    _, first, member = np.unique(label, return_index=True, return_inverse=True)
    smallest = rows[first[member]] if len(rows) else rows
    stars = pl.DataFrame({"a": rows, "b": smallest}).filter(pl.col("a") != pl.col("b"))
    return {"edges": both_ways(stars, shard_of)}, {}


def large_star(before: Stage, shard_of: ShardOf, shard: int) -> tuple[Frames, Values]:
    """Join each row's larger neighbours to its smallest one, itself included."""
    edges = before.gather(shard, "edges").unique()
    check = int((edges.hash_rows(seed=0) % _CHECK).sum()) % _CHECK if len(edges) else 0
    smallest = pl.min_horizontal("a", pl.col("b").min().over("a"))
    out = (
        edges.with_columns(smallest.alias("least"))
        .filter(pl.col("b") > pl.col("a"))
        .select(a="b", b="least")
        .unique()
        .sort("a", "b")
    )
    out = out.with_columns(shard_of(out["a"]))
    return {"edges": out}, {"edges": len(edges), "check": check}


def small_star(before: Stage, shard_of: ShardOf, shard: int) -> tuple[Frames, Values]:
    """Join each row and its smaller neighbours to the smallest of them."""
    edges = before.gather(shard, "edges").unique()
    edges = edges.with_columns(least=pl.col("b").min().over("a"))
    out = pl.concat([edges.select("a", b="least"), edges.select(a="b", b="least")])
    out = out.filter(pl.col("a") != pl.col("b")).unique()
    return {"edges": both_ways(out, shard_of)}, {}


def both_ways(edges: pl.DataFrame, shard_of: ShardOf) -> pl.DataFrame:
    """Send each edge to the shards of both its rows."""
    edges = edges.select(pl.col("a", "b").cast(pl.Int64))
    out = pl.concat([edges, edges.select(a="b", b="a")]).sort("a", "b")
    return out.with_columns(shard_of(out["a"]))


def labels(stars: Stage, shard: int) -> pl.DataFrame:
    """Return ``row`` and ``component`` (its smallest row) of a shard's connected rows."""
    edges = stars.gather(shard, "edges")
    found = edges.group_by("a").agg(pl.col("b").min()).sort("a")
    return found.select(row="a", component=pl.min_horizontal("a", "b"))

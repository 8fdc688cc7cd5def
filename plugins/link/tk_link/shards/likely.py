"""Pairs that are probably matches, found across shards: what `tk_link.likely` does in one table."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
from sparse_dot_topn import sp_matmul_topn

from tk_link.shards.learnt import Learnt
from tk_link.shards.store import Frames, Values, Workshop

SAMPLED = 1_000
_PLAIN, _NEAR = 0.5, 0.2
"""As in `tk_link.likely`."""
_NEAREST_OF = 8
_PRODUCTS = 500.0
"""Multiplications for each row that is compared with all sampled ones: about a microsecond."""


def nearest(learnt: Learnt, queries: pl.DataFrame, shard: int) -> tuple[Frames, Values]:
    """Find each query's nearest row in a shard: its spelled row, ``query`` and ``cosine``.

    Where there are sides, only shards of the other side have any.
    """
    grams, rows = learnt.statistics.record, learnt.spelled.read(shard, "spelled")
    if learnt.layout.lefts:
        is_right = queries["row"].head(1).to_numpy() >= learnt.layout.left_height
        if (is_right == learnt.layout.is_right(shard)).all():
            none = {"query": pl.Int64, "cosine": pl.Float32}
            return {
                "near": rows.clear().with_columns(pl.lit(None, t).alias(n) for n, t in none.items())
            }, {}
    wanted = grams.rare(grams.vectors(queries["record"]), _PRODUCTS)
    near = sp_matmul_topn(
        grams.vectors(rows["record"]), wanted.T.tocsr(), top_n=_NEAREST_OF, threshold=_NEAR
    ).tocoo()
    found = (
        pl.DataFrame(
            {"query": queries["row"].gather(near.col), "at": near.row, "cosine": near.data}
        )
        .with_columns(row=rows["row"].gather(near.row))
        .filter(pl.col("row") != pl.col("query"))
        .sort("cosine", "row", descending=[True, False])
        .unique("query", keep="first", maintain_order=True)
    )
    return {"near": rows[found["at"]].hstack(found.select("query", "cosine"))}, {}


def find_likely(
    learnt: Learnt, shop: Workshop, sample: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the spelled rows of mutually nearest pairs, left and right, row for row.

    Args:
        learnt: What is known of the table.
        shop: Does the work.
        sample: Spelled rows of the sample.
    """
    if learnt.layout.lefts:
        sample = sample.filter(pl.col("row") < learnt.layout.left_height)
    queries = sample.sample(min(SAMPLED, len(sample)), seed=0).sort("row")
    there = _best(learnt, shop, "nearest", queries)
    back = _best(learnt, shop, "nearest-back", there.unique("row").sort("row"))
    mutual = there.join(
        back.select(query_back="query", row_back="row"), left_on="row", right_on="query_back"
    ).filter(pl.col("row_back") == pl.col("query"))
    mutual = mutual.sort("query")
    left = queries.join(mutual.select(row="query"), on="row", how="semi").sort("row")
    right = mutual.select(left.columns)
    vectors = learnt.statistics.record.pair(left["record"], right["record"])
    everyone = np.arange(len(left), dtype=np.int32)
    plain = pl.Series(vectors.cosine(everyone, everyone) >= _PLAIN)
    return left.filter(plain), right.filter(plain)


def _best(learnt: Learnt, shop: Workshop, name: str, queries: pl.DataFrame) -> pl.DataFrame:
    """Return each query's nearest row of all shards."""
    stage, _ = shop.run(name, partial(nearest, learnt, queries), learnt.layout.count)
    ranked = stage.lazily("near").collect().sort("cosine", "row", descending=[True, False])
    return ranked.unique("query", keep="first", maintain_order=True)

"""The most alike rows of either side, found across shards: what `tk_link.lookalikes` does."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
from sparse_dot_topn import sp_matmul_topn

from tk_link.comparing.features import Features
from tk_link.lookalikes import (
    LEAST_COSINE,
    MOST_ASKED,
    MOST_PRODUCTS,
    NEAREST,
    Lookalikes,
    forget,
    kept_share,
)
from tk_link.shards.learnt import Learnt
from tk_link.shards.searching import views
from tk_link.shards.store import Frames, Values, Workshop

_NEAR = {"row": pl.Int64, "other": pl.Int64, "cosine": pl.Float32, "view": pl.String}


def find(
    shop: Workshop,
    learnt: Learnt,
    sample: pl.DataFrame,
    features: Features,
    seed: int,
) -> tuple[tuple[Lookalikes, pl.DataFrame], tuple[Lookalikes, pl.DataFrame]]:
    """Return the look-alikes of either side and the spelled rows that they number.

    Args:
        shop: Looks into every shard.
        learnt: What is known of the tables.
        sample: Spelled rows of both samples, some of which are asked.
        features: How the candidates compare.
        seed: Seed of the rows that are asked.
    """
    rng = np.random.default_rng(seed)
    known = kept_share(features)
    layout = learnt.layout
    lefts, count = layout.lefts, layout.count
    is_left = pl.col("row") < layout.left_height
    sides = []
    for name, shards, drawn in (
        ("left", range(lefts), sample.filter(is_left)),
        ("right", range(lefts, count), sample.filter(~is_left)),
    ):
        rows = drawn
        if len(drawn) > MOST_ASKED:
            rows = drawn[np.sort(rng.choice(len(drawn), MOST_ASKED, replace=False))]
        work = partial(nearest, learnt, rows, shards.start)
        stage, _ = shop.run(f"alike-{name}", work, len(shards))
        ranked = stage.lazily("near").collect().sort("cosine", "other", descending=[True, False])
        best = ranked.group_by("row", "view").head(NEAREST + 1)  # itself among them
        pairs = best.filter(pl.col("row") != pl.col("other")).select(
            left=pl.min_horizontal("row", "other"), right=pl.max_horizontal("row", "other")
        )
        pairs = pairs.unique().sort("left", "right")
        near = stage.lazily("rows").join(best.lazy(), left_on="row", right_on="other", how="semi")
        met = pl.concat([rows, near.collect().select(rows.columns)]).unique("row").sort("row")
        compared, local = learnt.compare(met, pairs)
        forget(compared.values, known, rng)
        asked = np.searchsorted(met["row"].to_numpy(), rows["row"].to_numpy())
        height = layout.side_height(shards.start)
        rows_met = np.arange(len(met))
        sides.append((Lookalikes(local, compared.values, asked, height, rows_met), met))
    return sides[0], sides[1]


def nearest(learnt: Learnt, asked: pl.DataFrame, first: int, number: int) -> tuple[Frames, Values]:
    """Find in one shard of a side, the first of which is `first`, what is nearest to its rows."""
    rows = learnt.spelled.read(first + number, "spelled")
    products = MOST_PRODUCTS / max(learnt.layout.side_height(first), 1)
    found = [pl.DataFrame(schema=_NEAR)]
    for view, grams in views(learnt):
        queries = grams.rare(grams.vectors(asked[view]), products)
        best = sp_matmul_topn(
            queries, grams.vectors(rows[view]).T.tocsr(), top_n=NEAREST + 1, threshold=LEAST_COSINE
        ).tocoo()
        found.append(
            pl.DataFrame(
                {
                    "row": asked["row"].gather(best.row),
                    "other": rows["row"].gather(best.col),
                    "cosine": best.data,
                }
            ).with_columns(view=pl.lit(view))
        )
    near = pl.concat(found)
    return {"near": near, "rows": rows.join(near, left_on="row", right_on="other", how="semi")}, {}

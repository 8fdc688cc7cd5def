"""The nearest texts of each row, across shards: what `tk_link.candidates` does with small tables.

Whether tables are small is decided as in one piece, by the products that comparing all their texts
would take. Then each shard reads the texts of all others, which are few, one shard after another.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from tk_link.candidates import LEAST_COSINE, MOST_PRODUCTS
from tk_link.grams import Grams
from tk_link.ngrams import VectorPair
from tk_link.shards.inputs import Layout
from tk_link.shards.learnt import Learnt
from tk_link.shards.spelling import IDENTIFYING
from tk_link.shards.store import Frames, Values

_NEAR = {"row": pl.Int64, "other": pl.Int64, "cosine": pl.Float32}


def is_small(grams: Grams, layout: Layout, sample: pl.DataFrame) -> bool:
    """Tell whether every text can be compared with every other, by a sample of spelled rows."""
    sides = [sample, sample]
    if layout.lefts:
        is_left = pl.col("row") < layout.left_height
        sides = [sample.filter(is_left), sample.filter(~is_left)]
    scale = 1.0
    for side, shard in zip(sides, (0, layout.count - 1), strict=True):
        scale *= layout.side_height(shard) / max(len(side), 1)
    left, right = (grams.vectors(side["record"]) for side in sides)
    return VectorPair(left, right).products() * scale <= MOST_PRODUCTS


def search(learnt: Learnt, shard: int) -> tuple[Frames, Values]:
    """Pair each row of a shard with its nearest, and send them to the shard of the left row."""
    assert learnt.nearest is not None, "passes propose where not all texts are compared"
    layout, top = learnt.layout, learnt.nearest[learnt.layout.is_right(shard)]
    own = learnt.spelled.read(shard, "spelled", _columns(learnt))
    near = [pl.DataFrame(schema={**_NEAR, "view": pl.String, "is_apart": pl.Boolean})]
    vectors = {view: grams.vectors(own[view]) for view, grams in views(learnt)}
    for each in _others(layout, shard):
        other = learnt.spelled.read(each, "spelled", _columns(learnt))
        for view, grams in views(learnt):
            found = _nearest(vectors[view], grams.vectors(other[view]), top + 1)
            near.append(
                found.select(
                    row=own["row"].gather(found["row"]),
                    other=other["row"].gather(found["other"]),
                    cosine="cosine",
                    view=pl.lit(view),
                    is_apart=own["apart"].gather(found["row"])
                    != other["apart"].gather(found["other"]),
                ).filter(pl.col("row") != pl.col("other"))
            )
    ranked = pl.concat(near).sort("cosine", "other", descending=[True, False])
    best = ranked.group_by("row", "view").head(top)
    if learnt.recipe.apart:
        best = best.filter("is_apart")
    pairs = best.select(
        left=pl.min_horizontal("row", "other"), right=pl.max_horizontal("row", "other")
    )
    pairs = pairs.unique().sort("left", "right")
    return {"pairs": pairs.with_columns(layout.shard_of(pairs["left"]))}, {}


def _others(layout: Layout, shard: int) -> range:
    """Return the shards whose rows those of a shard may meet."""
    if not layout.lefts:
        return range(layout.count)
    return range(layout.lefts) if layout.is_right(shard) else range(layout.lefts, layout.count)


def views(learnt: Learnt) -> Iterator[tuple[str, Grams]]:
    """Yield the columns that are searched by, with what is known of their n-grams."""
    yield "record", learnt.statistics.record
    if learnt.statistics.identifying is not None:
        yield IDENTIFYING, learnt.statistics.identifying


def _columns(learnt: Learnt) -> list[str]:
    return ["row", "apart", *(view for view, _ in views(learnt))]


def _nearest(own: sparse.csr_matrix, other: sparse.csr_matrix, top: int) -> pl.DataFrame:
    """Return the ``other`` rows that are nearest to each ``row``, with their ``cosine``."""
    best = sp_matmul_topn(own, other.T.tocsr(), top_n=top, threshold=LEAST_COSINE).tocoo()
    return pl.DataFrame({"row": best.row, "other": best.col, "cosine": best.data})

from functools import partial

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from shardwork import Serial

from tk_link.shards.components import connect, labels
from tk_link.shards.store import Workshop

ROWS, SHARDS = 60, 4


def shard_of(rows: pl.Series) -> pl.Series:
    return (rows * SHARDS // ROWS).cast(pl.Int32).alias("to")


def edges_of(pairs, shard):
    frame = pl.DataFrame(pairs, schema={"left": pl.Int64, "right": pl.Int64}, orient="row")
    return frame.filter(shard_of(frame["left"]) == shard)


def found(pairs, folder):
    stars = connect(Workshop(folder, Serial()), partial(edges_of, pairs), shard_of, SHARDS)
    parts = pl.concat([labels(stars, shard) for shard in range(SHARDS)])
    return dict(parts.iter_rows())


def expected(pairs):
    left, right = zip(*pairs, strict=True)
    graph = sparse.coo_matrix((np.ones(len(pairs)), (left, right)), shape=(ROWS, ROWS))
    label = connected_components(graph, directed=False)[1]
    first = {}
    for row, one in enumerate(label):
        first.setdefault(one, row)
    return {row: first[label[row]] for row in {*left, *right}}


@pytest.mark.parametrize(
    "pairs",
    [
        [(n, n + 1) for n in range(ROWS - 1)],
        [(n, ROWS - 1) for n in range(ROWS - 1)],
        [(0, n) for n in range(1, ROWS)],
        [(n, ROWS - 1 - n) for n in range(ROWS // 2)],
    ],
    ids=["chain", "star at the end", "star at the start", "far pairs"],
)
def test_components_across_shards_are_those_of_the_whole_graph(pairs, tmp_path):
    assert found(pairs, tmp_path) == expected(pairs)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, ROWS - 1), st.integers(0, ROWS - 1)).filter(lambda p: p[0] < p[1]),
        min_size=1,
        max_size=60,
        unique=True,
    )
)
def test_any_graph_has_the_components_of_the_whole(tmp_path_factory, pairs):
    assert found(pairs, tmp_path_factory.mktemp("graph")) == expected(pairs)


def test_a_graph_without_edges_has_no_component(tmp_path):
    assert found([], tmp_path) == {}

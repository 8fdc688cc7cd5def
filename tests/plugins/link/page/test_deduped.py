import numpy as np
import polars as pl
import pytest

from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.pipeline import run_closely
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import stack
from tk_link.frames import from_frame
from tk_link.page.deduped import dedupe_page


@pytest.fixture(scope="module")
def page(searched):
    return dedupe_page(*searched, DedupeSettings(), ())


def test_every_row_is_counted_by_the_size_of_its_cluster(page, searched):
    assert sum(part.count for part in page.parts) == len(searched[1].table)
    assert [part.name for part in page.parts][:2] == ["alone", "2"]


def test_the_examples_add_up_to_their_log_odds(page, searched):
    within = searched[0].within
    assert len(page.examples) >= 3
    for example in page.examples:
        left, right = map(int, example.names)  # the table has no ids
        (at,) = np.flatnonzero((within.pairs.left == left) & (within.pairs.right == right))
        assert sum(step.bits or 0 for step in example.steps) == pytest.approx(example.score)
        assert example.score == pytest.approx(within.log_odds[at] / np.log(2))


def test_clusters_show_their_rows(searched):
    run, stacked = searched
    page = dedupe_page(run, stacked, DedupeSettings(), ())
    sizes = [cluster.size for cluster in page.clusters.largest]
    assert sizes == sorted(sizes, reverse=True)
    weakest = [cluster.confidence for cluster in page.clusters.weakest]
    assert weakest == sorted(weakest)
    for cluster in (*page.clusters.largest, *page.clusters.weakest):
        assert len(cluster.rows) == min(cluster.size, 8)
        assert all(len(row) == len(page.clusters.columns) for row in cluster.rows)
    assert {c.name for c in page.clusters.largest}.isdisjoint(c.name for c in page.clusters.weakest)


def test_equal_rows_near_the_cut_are_told_once():
    names = [f"Person {n * 7919 % 1000} of {n}" for n in range(60)]
    table = pl.DataFrame({"name": [*names, *["Same Name Here"] * 30]})
    stacked = stack([from_frame(table, "t")])
    page = dedupe_page(run_closely(stacked.table, DedupeConfig()), stacked, DedupeSettings(), ())
    assert len(page.close_calls) == len(set(page.close_calls))


@pytest.mark.parametrize("rows", [["Ann"], ["qqq", "www", "eee"]])
def test_no_duplicates_make_a_page(rows):
    stacked = stack([from_frame(pl.DataFrame({"name": rows, "n": rows}), "t")])
    run = run_closely(stacked.table, DedupeConfig(on=("name",)))
    page = dedupe_page(run, stacked, DedupeSettings(), ())
    assert page.headline == f"None of {len(rows)} rows has a duplicate."
    assert page.clusters.largest == ()

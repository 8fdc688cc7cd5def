import numpy as np
import polars as pl
import pytest
from registers import registers

from tk_link import likely
from tk_link.likely import Likely, find_likely, recall_of
from tk_link.ngrams import vectorise


def test_likely_pairs_are_nearly_all_true():
    both = registers(150, 50, 50, seed=5)
    texts = (frame.select(pl.concat_str(pl.all().cast(pl.String), separator=" ", ignore_nulls=True))
             .to_series() for frame in (both.left, both.right))  # fmt: skip
    found = find_likely(vectorise(*texts), threads=1, is_within=False)
    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert len(pairs) == len(found) > 100
    assert len(pairs & set(both.truth)) > 0.95 * len(pairs)


def test_rows_that_are_nearest_from_one_side_only_are_not_likely():
    left, right = pl.Series(["john carter", "john carver"]), pl.Series(["john carter"])
    found = find_likely(vectorise(left, right), threads=1, is_within=False)
    assert (found.left.tolist(), found.right.tolist()) == ([0], [0])


def test_inside_one_table_a_row_is_not_its_own_neighbour():
    texts = pl.Series(["john carter", "jon carter", "mary whitfield"])
    found = find_likely(vectorise(texts, texts), threads=1, is_within=True)
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == {(0, 1), (1, 0)}


def test_a_sample_is_drawn_and_the_same_each_time(monkeypatch):
    monkeypatch.setattr(likely, "SAMPLED", 20)
    texts = pl.Series([f"word{n} thing{n * 7}" for n in range(200)])
    one, again = (find_likely(vectorise(texts, texts), threads=1, is_within=False) for _ in "12")
    assert one.rows == len(one) == 20
    np.testing.assert_equal(one.left, again.left)


def test_common_grams_are_left_out_beyond_the_limit_and_the_rare_ones_suffice(monkeypatch):
    texts = pl.Series([f"a very long text that all share {n * 7919:06d}" for n in range(300)])
    vectors = vectorise(texts, texts)
    monkeypatch.setattr(likely, "_PRODUCTS", 2e4)
    monkeypatch.setattr(likely, "_NEAR", 0.01)
    found = find_likely(vectors, threads=1, is_within=False)
    assert np.mean(found.left == found.right) > 0.9


def test_empty_texts_are_like_nothing():
    texts = pl.Series([None, "", None], dtype=pl.String)
    assert not len(find_likely(vectorise(texts, texts), threads=1, is_within=False))


@pytest.mark.parametrize(("hits", "of"), [(0, 10), (5, 10), (10, 10), (990, 1000)])
def test_recall_has_a_range_around_it(hits, of):
    rows = np.arange(of)
    found = recall_of(Likely(rows, rows, of), rows < hits)
    assert found.share == pytest.approx(hits / of, abs=1.5 / of + 0.1 * (of < 100))
    assert 0 <= found.low < found.share < found.high <= 1
    assert found.high - found.low < 2 / np.sqrt(of)


def test_without_likely_pairs_recall_is_unknown():
    none = np.zeros(0, dtype=np.int64)
    assert recall_of(Likely(none, none, 10), none.astype(bool)) is None

import numpy as np
import polars as pl
import pytest

from tk_link.lookup import grams
from tk_link.ngrams import vectorise

TEXTS = ["anna abel", "bruno brandt", "", "anna brandt", "über 😀 weg", "a", "brandt brandt"]


@pytest.mark.parametrize(
    "query", ["anna abel", "brandt", "a", "", "übr 😀 wg", "brandt brandt anna"]
)
def test_cosines_are_those_of_whole_columns(query):
    # The query is counted in the column here, so that both know the same frequencies.
    texts = [*TEXTS, query]
    pair = vectorise(pl.Series(texts), pl.Series(texts))
    one = np.full(len(texts), len(texts) - 1, dtype=np.int32)
    wanted = pair.cosine(one, np.arange(len(texts), dtype=np.int32))
    space = grams.count(texts)
    doubled = grams.Space(space.grams, 2 * space.documents, 2 * space.rows)
    np.testing.assert_allclose(doubled.cosines(query, texts), wanted, atol=1e-6)


def test_nearest_brings_the_rows_that_share_most():
    postings = grams.post(TEXTS)
    assert set(postings.nearest("brandt", 3).tolist()) == {1, 3, 6}
    assert postings.nearest("anna abell", 1).tolist() == [0]


@pytest.mark.parametrize("text", ["", "xyzzy", "\U0010ffff"])
def test_a_text_of_unknown_grams_brings_nothing(text):
    assert grams.post(TEXTS).nearest(text, 5).tolist() == []


def test_rare_grams_are_read_first_and_common_ones_only_while_affordable(monkeypatch):
    monkeypatch.setattr(grams, "_MOST_POSTINGS", 3)
    postings = grams.post(["zug nach wien", *["nach wien"] * 50])
    assert postings.nearest("zug nach wien", 5).tolist() == [0]


def test_an_empty_column_can_be_posted():
    postings = grams.post(["", ""])
    assert postings.nearest("anna", 5).tolist() == []
    assert postings.space.cosines("anna", ["anna"])[0] == pytest.approx(1.0)

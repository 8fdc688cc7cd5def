"""N-gram vectors against the plainest implementation there is."""

import math
from collections import Counter

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tk_link import ngrams
from tk_link.ngrams import vectorise

few = settings(max_examples=60, deadline=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
COLUMN = st.lists(st.one_of(st.none(), TEXT, st.text("ab ", max_size=8)), min_size=1, max_size=8)


def series(values):
    return pl.Series(values, dtype=pl.String)


def plain(texts, n):
    """TF-IDF of padded character windows, one dict a text."""
    counts = []
    for text in texts:
        padded = f" {text} " if text else ""
        counts.append(Counter(padded[i : i + n] for i in range(len(padded) - n + 1)))
    documents = Counter(gram for count in counts for gram in count)
    vectors = []
    for count in counts:
        weight = {
            g: (1 + math.log(tf)) * (math.log((1 + len(texts)) / (1 + documents[g])) + 1)
            for g, tf in count.items()
        }
        norm = math.sqrt(sum(w * w for w in weight.values()))
        vectors.append({g: w / norm for g, w in weight.items()})
    return vectors


def dot(a, b):
    return sum(weight * b.get(gram, 0.0) for gram, weight in a.items())


@few
@given(COLUMN, COLUMN, st.integers(2, 3))
@example(["", None], [""], 3)
@example(["😀", "a😀b", "\x00"], ["😀😀😀", "שלום"], 3)
def test_cosines_equal_those_of_counted_windows(left, right, n):
    found = vectorise(series(left), series(right), n=n)
    expected = plain([*left, *right], n)
    rows = np.array([i for i in range(len(left)) for _ in right], dtype=np.int32)
    columns = np.array([j for _ in left for j in range(len(right))], dtype=np.int32)
    wanted = [dot(expected[i], expected[len(left) + j]) for i, j in zip(rows, columns, strict=True)]
    np.testing.assert_allclose(found.cosine(rows, columns), wanted, atol=1e-5)


@few
@given(COLUMN, COLUMN)
def test_rows_have_unit_length_and_empty_texts_none(left, right):
    found = vectorise(series(left), series(right))
    for matrix, texts in ((found.left, left), (found.right, right)):
        assert matrix.shape[0] == len(texts)
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        np.testing.assert_allclose(lengths, [1.0 if text else 0.0 for text in texts], atol=1e-5)


def test_equal_texts_have_cosine_one_and_texts_without_a_shared_window_zero():
    found = vectorise(series(["abc", "abc"]), series(["abc", "xyz"]))
    rows = np.array([0, 1], dtype=np.int32)
    np.testing.assert_allclose(found.cosine(rows, rows), [1.0, 0.0], atol=1e-6)


def test_rare_wording_counts_more_than_common():
    common = ["limited company"] * 20
    found = vectorise(series(["zephyr limited"]), series(["zephyr plc", "acme limited", *common]))
    zephyr, limited = found.cosine(np.zeros(2, np.int32), np.arange(2, dtype=np.int32))
    assert zephyr > limited


def test_an_alphabet_too_large_for_a_table_is_counted_by_sorting():
    ideographs = [chr(0x4E00 + n) for n in range(2000)]
    texts = series(["".join(ideographs[n : n + 5]) for n in range(0, 2000, 5)])
    found = vectorise(texts, texts)
    rows = np.arange(len(texts), dtype=np.int32)
    np.testing.assert_allclose(found.cosine(rows, rows), 1.0, atol=1e-6)
    np.testing.assert_allclose(found.cosine(rows, rows[::-1].copy()), 0.0, atol=1e-6)


def test_threads_and_pieces_change_nothing(monkeypatch):
    texts = series([None, "", *(f"text {n * 7919 % 101}" for n in range(60))])
    rows = np.arange(len(texts), dtype=np.int32)
    whole = vectorise(texts, texts)
    monkeypatch.setattr(ngrams, "_CHUNK", 7)
    monkeypatch.setattr(ngrams, "_PAIRS_CHUNK", 5)
    pieces = vectorise(texts, texts, threads=3)
    np.testing.assert_equal(pieces.left.indices, whole.left.indices)
    np.testing.assert_equal(pieces.left.data, whole.left.data)
    expected = whole.cosine(rows, rows[::-1].copy())
    np.testing.assert_equal(pieces.cosine(rows, rows[::-1].copy(), 3), expected)

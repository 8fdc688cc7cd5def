import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk.errors import UsageError
from tk_link.dense import dense_neighbours, view
from tk_link.dense.indexes import FaissBackend, TorchBackend

BACKENDS = [FaissBackend("flat"), TorchBackend(device="cpu")]
TEXTS = st.lists(
    st.sampled_from([None, "", " ", "ab", "ba", "abc", "xyz", " xyz", "q"]), max_size=9
)


class Letters:
    dim = 26

    def encode(self, items, *, batch_size=64):
        rows = [[item.lower().count(chr(97 + i)) for i in range(26)] for item in items]
        return np.array(rows, dtype=np.float32).reshape(len(items), 26)


def view_of(left, right, k=3, encoder=None, backend=BACKENDS[0]):
    return dense_neighbours(
        pl.Series(left, dtype=pl.String), pl.Series(right, dtype=pl.String),
        encoder=encoder or Letters(), backend=backend, k=k,
    )  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
def test_neighbours_are_found_both_ways(backend):
    found = view_of(["cab", "zzz"], ["zz", "abc", "y"], k=2, backend=backend)
    assert found.of_left.rows[:, 0].tolist() == [1, 0]
    assert found.of_right.rows[:2, 0].tolist() == [1, 0]
    np.testing.assert_allclose(found.of_left.cosine[:, 0], 1, atol=1e-6)


def test_texts_are_encoded_once(letters):
    found = view_of(["ab", "ab", " ab "], ["c", "ab", "c"], encoder=letters)
    assert sorted(letters.encoded) == ["ab", "c"]
    assert found.left.text.tolist() == [0, 0, 0]
    assert "1 and 2 distinct texts encoded, of 3 and 3 rows" in found.notes


def test_rows_that_share_a_text_are_all_found_up_to_k():
    found = view_of(["ab"], ["ab", "x", "ab", "ab", "ab"], k=3)
    assert found.of_left.rows.tolist() == [[0, 2, 3]]
    assert view_of(["ab"], ["ab", "abc", "ab"], k=3).of_left.rows.tolist() == [[0, 2, 1]]


def test_missing_texts_match_nothing():
    found = view_of([None, "ab", "", "  "], ["ab", None, ""], k=3)
    assert found.of_left.rows.tolist() == [[-1], [0], [-1], [-1]]
    assert found.of_right.rows.tolist() == [[1], [-1], [-1]]
    assert found.cosine(np.array([0, 1, 1]), np.array([0, 0, 1])).tolist() == pytest.approx(
        [0, 1, 0]
    )


@pytest.mark.parametrize("left", [[], [None], ["", None]])
def test_a_table_without_texts_has_no_neighbours(left, letters):
    found = view_of(left, ["ab", "c"], encoder=letters)
    assert (found.of_left.rows == -1).all()
    assert (found.of_right.rows == -1).all()
    assert found.of_right.rows.shape[0] == 2
    assert not len(found.keys())


def test_a_k_below_one_is_refused(letters):
    with pytest.raises(UsageError, match="k is 0"):
        view_of(["a"], ["a"], k=0)


def test_many_identical_values_stay_cheap(letters):
    found = view_of(["ab"] * 200_000, ["ab"] * 200_000, k=5, encoder=letters)
    assert letters.encoded == ["ab"]
    assert found.of_left.rows.shape == (200_000, 5)
    assert (found.of_left.rows == [0, 1, 2, 3, 4]).all()


def test_keys_name_pairs_once_and_in_order():
    found = view_of(["ab", None, "xy"], ["yx", "ba"], k=1)
    assert found.keys().tolist() == [0 * 2 + 1, 2 * 2 + 0]
    wide = view_of(["ab", "xy"], ["yx", "ba"], k=2)
    assert wide.keys().tolist() == [0, 1, 2, 3]
    assert wide.keys(1).tolist() == [1, 2]


def test_within_one_table_no_row_meets_itself(letters):
    texts = pl.Series(["ab", "cd", "ba", None, "dc"])
    found = dense_neighbours(texts, texts, encoder=letters, backend=BACKENDS[0], k=2)
    assert found.of_right is found.of_left
    assert found.keys_within(1).tolist() == [0 * 5 + 2, 1 * 5 + 4]


def test_cosines_come_in_chunks(monkeypatch):
    monkeypatch.setattr(view, "_CHUNK_VALUES", 60)
    found = view_of(["ab", "xy", "bc"], ["yx", "ba", None], k=1)
    pairs = np.array([(i, j) for i in range(3) for j in range(3)] * 4, dtype=np.int32).T
    expected = [[0, 1, 0], [1, 0, 0], [0, 0.5, 0]] * 4
    np.testing.assert_allclose(found.cosine(*pairs), np.ravel(expected), atol=1e-6)


@given(left=TEXTS, right=TEXTS, k=st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_neighbours_are_those_of_all_pairs(left, right, k):
    found = view_of(left, right, k=k)
    with_text = [j for j, text in enumerate(right) if (text or "").strip()]
    cosines = found.cosine(
        np.repeat(np.arange(len(left)), len(right)), np.tile(np.arange(len(right)), len(left))
    ).reshape(len(left), len(right))
    for i, text in enumerate(left):
        rows = [j for j in found.of_left.rows[i].tolist() if j >= 0]
        if not (text or "").strip():
            assert not rows
            continue
        best = sorted((cosines[i, j] for j in with_text), reverse=True)[:k]
        assert len(set(rows)) == len(rows) == len(best)
        np.testing.assert_allclose(found.of_left.cosine[i][: len(rows)], best, atol=1e-6)
        np.testing.assert_allclose(cosines[i, rows], best, atol=1e-6)

import numpy as np
import polars as pl
import pytest

from tk_link.dense import dense_neighbours, measure
from tk_link.dense.indexes import FaissBackend

DIM = 16


class Directions:
    """Encode ``3`` as the third axis, and ``3~`` as one near it; ``*`` is near all."""

    dim = DIM

    def encode(self, items, *, batch_size=64):
        out = np.full((len(items), DIM), 0.2, dtype=np.float32)
        for row, item in zip(out, items, strict=True):
            if item == "*":
                row[:] = 1
            else:
                row[int(item.strip("~"))] += 2
                row[-1] += 0.3 * item.count("~")
        return out


def meaning_of(left, right=None, k=4):
    texts = pl.Series(left, dtype=pl.String)
    others = texts if right is None else pl.Series(right, dtype=pl.String)
    backend = FaissBackend("flat")
    return measure(dense_neighbours(texts, others, encoder=Directions(), backend=backend, k=k))


def rows(*numbers):
    return np.array(numbers, dtype=np.int32)


NUMBERS = [str(n) for n in range(12)]


def test_partners_are_alike_and_strangers_are_not():
    meaning = meaning_of(NUMBERS, [f"{n}~" for n in NUMBERS[::-1]])
    partners = meaning.likeness(rows(*range(12)), rows(*range(11, -1, -1)))
    strangers = meaning.likeness(rows(*range(12)), rows(*range(12)))
    assert partners.min() > 0.9
    assert strangers.max() < 0.3
    assert meaning.view.cosine(rows(0), rows(0))[0] > 0.25  # as a bare cosine they look related


def test_a_text_that_is_near_to_everything_is_less_like_each():
    meaning = meaning_of(NUMBERS, [*NUMBERS[1:], "*"])
    cosine = meaning.view.cosine(rows(0, 0), rows(11, 3))
    hub, stranger = meaning.likeness(rows(0, 0), rows(11, 3))
    assert cosine[0] > cosine[1] + 0.25
    assert hub < 0.5
    assert stranger < 0.3


def test_likeness_is_missing_where_a_text_is():
    meaning = meaning_of(["1", None, "2"], ["2", "1", " "])
    found = meaning.likeness(rows(0, 1, 2), rows(1, 1, 2))
    assert np.isnan(found).tolist() == [False, True, True]


def test_within_one_table_the_row_itself_sets_no_scale():
    table = [*NUMBERS, "3~", "7~"]
    one, two = meaning_of(table, k=5), meaning_of(table, list(table), k=5)
    assert one.crowds[0][0] < two.crowds[0][0]  # the row itself is no crowd
    assert one.likeness(rows(3, 7), rows(12, 13)).min() > 0.9
    assert one.likeness(rows(3), rows(7))[0] < 0.3


@pytest.mark.parametrize("left", [[None], ["1"], ["1", "1", "1"]])
def test_tables_of_few_texts_give_numbers_in_bounds(left):
    meaning = meaning_of(left, ["1", None])
    found = meaning.likeness(rows(0), rows(0))
    assert np.isnan(found[0]) == (left[0] is None)
    assert not ((found < 0) | (found > 1)).any()

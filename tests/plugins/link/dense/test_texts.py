import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tk_link.dense.texts import distinct, equal_length_batches


@given(st.lists(st.text(max_size=3)))
def test_distinct_texts_put_together_again(items):
    texts, positions = distinct(items)
    assert len(set(texts)) == len(texts)
    assert [texts[p] for p in positions] == items


@given(st.lists(st.integers(0, 50)), st.integers(1, 100))
def test_batches_hold_every_row_once_at_one_length_and_within_the_limit(lengths, tokens):
    array = np.array(lengths, dtype=np.int64)
    batches = list(equal_length_batches(array, tokens=tokens))
    assert sorted(row for batch in batches for row in batch.tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(set(array[batch].tolist())) == 1
        assert len(batch) == 1 or len(batch) * max(array[batch[0]], 1) <= tokens
    firsts = [int(array[batch[0]]) for batch in batches]
    assert firsts == sorted(firsts, reverse=True)

"""Validation pictures are the same on every machine, and none has a copy among those learnt."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tk
from tk_vision.classifying.splitting import conflicts, split

LABELS = [label for label in "abc" for _ in range(10)]
DIGESTS = [f"digest {number}" for number in range(30)]


def test_the_same_share_of_every_class_is_kept():
    learnt, held_out = split(LABELS, DIGESTS, share=0.2)
    assert Counter(LABELS[n] for n in held_out) == {"a": 2, "b": 2, "c": 2}
    assert sorted(learnt + held_out) == list(range(30))


def test_order_and_names_do_not_matter_but_the_seed_does():
    _, held_out = split(LABELS, DIGESTS, share=0.2)
    _, backwards = split(LABELS[::-1], DIGESTS[::-1], share=0.2)
    assert {DIGESTS[n] for n in held_out} == {DIGESTS[::-1][n] for n in backwards}
    assert held_out != split(LABELS, DIGESTS, share=0.2, seed=1)[1]


def test_the_recorded_split():
    assert split(LABELS, DIGESTS, share=0.2)[1] == [2, 6, 15, 16, 20, 27]


def test_a_class_with_one_picture_keeps_it_for_learning():
    learnt, held_out = split(["a", "a", "b"], ["1", "2", "3"], share=0.5)
    assert (len(learnt), len(held_out)) == (2, 1)
    assert 2 in learnt


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123456789")), min_size=1),
    st.floats(0, 0.95),
)
def test_copies_stay_together_and_every_class_is_learnt(rows, share):
    labels, digests = zip(*rows, strict=True)
    learnt, held_out = split(labels, digests, share=share)
    assert not {digests[n] for n in learnt} & {digests[n] for n in held_out}
    assert {labels[n] for n in learnt} == set(labels)


def test_pictures_in_several_classes_are_found():
    assert conflicts(["a", "b", "a"], ["1", "1", "2"]) == {"1": ["a", "b"]}


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_shares_that_cannot_be_are_refused(share):
    with pytest.raises(tk.UsageError, match="validation share"):
        split(LABELS, DIGESTS, share=share)

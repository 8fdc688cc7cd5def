import pytest

from tk import UsageError
from tk.checkpoints.sizing import complete

VARIANTS = {
    "small": {"dim": 4, "depths": (1, 2), "heads": 2},
    "large": {"dim": 8, "depths": (1, 2), "heads": 4},
    "large-far": {"dim": 8, "depths": (1, 2), "heads": 4, "window": 9},
}


def test_what_shapes_do_not_show_comes_from_the_variant_that_agrees():
    seen = {"dim": 4, "depths": [1, 2], "num_classes": 7}
    assert complete(seen, {}, VARIANTS) == {**seen, "heads": 2}


def test_what_the_caller_says_wins_and_chooses_among_variants():
    assert complete({"dim": 4}, {"heads": 1}, VARIANTS) == {"dim": 4, "heads": 1}
    found = complete({"depths": (1, 2)}, {"dim": 4}, VARIANTS)
    assert found == {"dim": 4, "depths": (1, 2), "heads": 2}


def test_a_size_of_no_variant_is_left_to_the_class():
    assert complete({"dim": 5}, {}, VARIANTS) == {"dim": 5}


def test_variants_that_differ_invisibly_are_asked_about():
    variants = {"near": {"dim": 8, "window": 4}, "far": {"dim": 8, "window": 9}}
    with pytest.raises(UsageError, match=r"'near', 'far', which differ .* say window=…"):
        complete({"dim": 8}, {}, variants)
    assert complete({"dim": 8}, {"window": 9}, variants) == {"dim": 8, "window": 9}

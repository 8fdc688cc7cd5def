import numpy as np
import pytest

from tk_link.comparing import keys


@pytest.mark.parametrize(
    ("compare", "a", "b", "expected"),
    [
        (keys.code, "ab12", "ab12", 1.0),
        (keys.code, "ab12", "ab13", 0.75),
        (keys.code, "ab1234", "xab1234yz", keys.CONTAINED),
        (keys.code, "ab", "abcdefgh", 0.25),
        (keys.phone, "49401234567", "401234567", 1.0),
        (keys.phone, "401234567", "401234576", 8 / 9),
        (keys.email, "a@x.org", "a@x.org", 1.0),
        (keys.email, "ann@x.org", "ann@y.com", keys.SAME_MAILBOX),
        (keys.email, "ann@x.org", "bob@x.org", 0.0),
        (keys.email, "anna@x.org", "anne@x.org", 0.9 * 0.75),
    ],
)
def test_keys_are_equal_nearly_equal_or_not(opposite, compare, a, b, expected):
    assert compare(*opposite((a, b)))[0] == pytest.approx(expected)
    assert compare(*opposite((b, a)))[0] == pytest.approx(expected)


@pytest.mark.parametrize("compare", [keys.code, keys.phone, keys.email])
def test_a_missing_key_is_unknown_never_agreement(opposite, compare):
    found = compare(*opposite((None, None), ("ab12", None), (None, "ab12"), ("ab12", "ab12")))
    assert np.isnan(found).tolist() == [True, True, True, False]
    assert compare(*opposite()).shape == (0,)


def test_marks_that_mean_something_to_search_patterns_are_plain_characters(opposite):
    assert keys.code(*opposite(("a.*1", "xxxx")))[0] == 0.0

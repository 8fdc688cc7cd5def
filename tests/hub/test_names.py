import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk import InputError
from tk_hub.names import check_name, is_near, is_plugin, lookalikes

WORD = st.text("abc-1", min_size=1, max_size=8)


@given(WORD, WORD)
def test_near_is_the_same_both_ways(a, b):
    assert is_near(a, b) == is_near(b, a)


@given(WORD, st.data())
def test_one_slip_is_near_and_the_same_name_is_no_lookalike(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abc-1"))
    slips = {
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    }
    assert all(is_near(word, slip) for slip in slips)
    assert lookalikes(word, slips) == sorted(slips - {word})


@pytest.mark.parametrize(
    ("a", "b"), [("tk-zoo", "tk-bees"), ("tk-abcd", "tk-badc"), ("tk-ab", "tk-abcd")]
)
def test_two_slips_are_not_near(a, b):
    assert not is_near(a, b)


@pytest.mark.parametrize("name", ["tk-zoo", "tk-a-b2", "TK_Zoo", "tk.zoo"])
def test_names_are_compared_as_pip_does(name):
    assert check_name(name) in ("tk-zoo", "tk-a-b2")


@pytest.mark.parametrize(
    "name", ["zoo", "tk-", "tk-zoo/..", "../tk-zoo", "tk-zoö", "tk-" + "a" * 99, "", "tk-zoo\n"]
)
def test_what_is_no_name(name):
    with pytest.raises(InputError, match="is no plugin's name"):
        check_name(name)
    assert not is_plugin(name)

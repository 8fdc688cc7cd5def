import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.comparing.sounds import sounds


def key(name):
    return sounds(pl.Series([name]))[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("smith", "smyth"),
        ("meyer", "maier"),
        ("catherine", "kathryn"),
        ("philip", "filip"),
        ("stephen", "steven"),
        ("geoffrey", "jeffrey"),
        ("wright", "right"),
        ("whyte", "white"),
        ("schulz", "schultz"),
        ("hofmann", "hoffmann"),
        ("ashleigh", "ashley"),
        ("schmidt", "schmitt"),
    ],
)
def test_one_sound_in_two_spellings(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("smith", "smart"), ("meyer", "moser"), ("anna", "nina"), ("hall", "all")]
)
def test_two_sounds(one, other):
    assert key(one) != key(other)


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=30))
def test_any_text_has_a_key(text):
    assert isinstance(key(text), str)

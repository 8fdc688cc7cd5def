import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link.comparing.sizes import NEAR, sizes, spelled


def read(text):
    found = sizes(spelled(pl.Series([text], dtype=pl.String)))
    return {(kind.removeprefix("size: "), round(value, 1)) for _, kind, _, value in found.rows()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 oz", "355 ml"),
        ("12 fl. oz. can", "can 0,355 l"),
        ("1 TB", "1000 GB"),
        ("1TB", "1024 GB"),
        ('22-1/2" grill', "57 cm grill"),
        ("46'' screen", "46-inch screen"),
        ("46” screen", "46 in. screen"),
        ("pack of 6", "6-pack"),
        ("6 x 330 ml", "6 pk"),
        (".5 cu. ft.", "0.5 cubic foot"),
        ("1,500 W", "1.5 kW"),
        ("2 lbs", "907 g"),
    ],
)
def test_one_size_in_two_units(one, other):
    shared = [
        (a, b)
        for kind, a in read(one)
        for other_kind, b in read(other)
        if kind == other_kind and abs(a - b) <= NEAR * max(a, b)
    ]
    assert shared, (read(one), read(other))


def test_marks_for_feet_or_inches_are_read_as_both():
    assert read("6' cable") == {("length", 152.4), ("length", 1828.8)}


@pytest.mark.parametrize(
    "text", ["DEH-2000MP", "PSLX350H", "7.50 %", "room 12", "A4", "12 monkeys", None, ""]
)
def test_what_is_no_size(text):
    assert read(text) == set()


@settings(deadline=None, max_examples=40)
@given(st.floats(0.01, 5000).map(lambda x: round(x, 2)), st.sampled_from(["ml", "GB", "kg", "mm"]))
def test_any_number_with_a_unit_is_read_alike_with_and_without_a_space(number, unit):
    assert read(f"x {number} {unit}") == read(f"x {number}{unit}")
    assert len(read(f"x {number} {unit}")) == 1


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=40))
def test_any_text_can_be_read(text):
    read(text)

import polars as pl
import pytest

from tk_link.align import align
from tk_link.comparing import measures, quantities
from tk_link.frames import from_frame
from tk_link.profile import profile, profile_column


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["1.5 kg", "1500 g", "3 lb", "250 g"], [1500, 1500, 1360.8, 250]),
        (["12 oz", "355 ml", "100 ml"], [354.84, 355, 100]),  # by volume
        (["12 oz", "2 lb", "100 g", "1g"], [340.2, 907.2, 100, 1]),  # by weight
        (["2 m", "200 cm", "50 cm"], [200, 200, 50]),
        (["0,5 l", "330 ml", "12 fl oz", "20 ml"], [500, 330, 354.84, 20]),
        (["1,500 g", "2 kg", "30 g"], [1500, 2000, 30]),
        (["1.5 kg", "2 kg"], [1.5, 2]),  # one unit: as written
        (["1.5 kg", "1500 g", "70 g", "80"], [1500, 1500, 70, 80]),  # no unit: the commonest
        (["12", "13", "14 kg", "15 g"], [12, 13, 14, 15]),  # most have none
        (["$12.50", "12.50 €", "USD 7"], [12.5, 12.5, 7]),
        ([None, "n/a", "5 kg", "50 g", "60 g"], [None, None, 5000, 50, 60]),
    ],
)
def test_units_of_a_column_become_one(values, read):
    assert measures.numbers(pl.Series(values)).to_list() == pytest.approx(read)


def test_two_columns_are_compared_in_one_unit_and_without_rounding(opposite):
    rows = [("12 oz", "355 ml"), ("8 oz", "0.24 l"), ("1 oz", "900 ml")]
    found = quantities.number(*opposite(*rows))
    assert found.tolist() == pytest.approx([1, 0.971, 0], abs=0.01)


def test_units_against_none_are_left_as_written(opposite):
    left, right, pairs = opposite(("1.5 kg", "1.5"), ("2 kg", "2"))
    assert measures.ratio(left, right) == 1
    assert quantities.number(left, right, pairs).tolist() == [1, 1]


def test_dimensions_that_have_nothing_in_common_are_not_converted():
    assert measures.ratio(pl.Series(["5 kg", "6 kg"]), pl.Series(["5 cm", "6 cm"])) == 1


@pytest.mark.parametrize(
    "values", [["12 ounces", "3 pounds"], ["5 litres", "500 ml"], ["USD 12", "€ 13.50"]]
)
def test_numbers_with_units_in_words_are_numbers(values):
    assert profile_column(pl.Series("size", values * 20)).type == "number"


def test_the_alignment_says_that_units_are_read():
    names = [f"Part {n * 7919 % 997}" for n in range(60)]
    left = pl.DataFrame({"name": names, "weight": [f"{n + 1} kg" for n in range(60)]})
    grams = [f"{(n + 1) * 1000} g" if n % 2 else f"{n + 1} kg" for n in range(60)]
    tables = from_frame(left, "left"), from_frame(left.with_columns(weight=pl.Series(grams)), "r")
    found = align(*tables, *(profile(table) for table in tables))
    assert [(f.label, f.why) for f in found.fields][1] == ("weight", "same name, units read")

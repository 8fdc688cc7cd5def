import random

import polars as pl
import pytest

from tk_link.fields import FIELD_TYPES
from tk_link.frames import from_frame
from tk_link.profile import profile, profile_column

FIRST = ["Ann", "Bob", "Cy", "Dora", "Emil", "Fay", "Gil", "Hal", "Ida", "Jo"]
WORDS = ["silver", "garden", "lamp", "oak", "river", "stone", "cloud", "paper", "copper", "wool"]


def of(**columns):
    return profile(from_frame(pl.DataFrame(columns), "t"))


def kind(name, values):
    filler = [str(n) for n in range(len(values))]
    return of(**{name: list(values), "id": filler})[name].type


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("contact", [f"{f}@example.org" for f in FIRST], "email"),
        ("where", [f"{n}.5123, {n}.25" for n in range(10, 20)], "geo"),
        ("seen", [f"2021-03-{n}" for n in range(10, 20)], "date"),
        ("seen", [f"{n}.3.2021" for n in range(10, 20)], "date"),
        ("seen", [f"{n} May 2021" for n in range(10, 20)], "date"),
        ("seen", [f"2021-{n:02}" for n in range(1, 11)], "date"),
        ("released", [str(y) for y in range(1990, 2000)], "date"),
        ("released", [f"{y}.0" for y in range(1990, 2000)], "date"),
        ("birth_date", [f"199{n}0{n + 1}12" for n in range(9)], "date"),
        ("tel", [f"+49 40 123 45{n}" for n in range(10)], "phone"),
        ("telephone", [f"01 23 45 67 {n}9" for n in range(10)], "phone"),
        ("reach", [f"(0{n}0) 555-123{n}" for n in range(10)], "phone"),
        ("plz", [f"{n}0115" for n in range(10)], "code"),
        ("sku", [f"AB-{n}{n}7X" for n in range(10)], "code"),
        ("upc", [f"{n}23456789{n}" for n in range(10)], "code"),
        ("price", [f"$ {n}.99" for n in range(10)], "number"),
        ("seen", [f"2021/{n:02}/05" for n in range(1, 11)], "date"),
        ("price", [f"1{n}99.95" for n in range(10)], "number"),
        ("abv", [f"{n}.2%" for n in range(10)], "number"),
        ("street", [f"{n} Old {w}" for n, w in enumerate(WORDS)], "address"),
        ("where", [f"{n} {w} Road" for n, w in enumerate(WORDS)], "address"),
        ("wo", [f"{w}straße {n}" for n, w in enumerate(WORDS)], "address"),
        ("first_name", FIRST, "name"),
        ("surname", WORDS, "name"),
        ("who", [f"{w} & Sons Ltd" for w in WORDS], "org"),
        ("firm", WORDS, "org"),
        ("colour", ["red", "green"] * 20, "category"),
        ("title", [f"{a} {b}" for a in WORDS for b in WORDS], "text"),
        ("名前", ["東京", "大阪", "京都", "札幌"], "text"),
    ],
)
def test_types_are_inferred_from_names_and_values(name, values, expected):
    assert kind(name, values) == expected


def test_prices_of_four_digits_are_not_taken_for_months():
    draw = random.Random(1)
    assert kind("price", [f"{draw.randint(1500, 2199)}.{n:02}" for n in range(1, 40)]) == "number"


def test_dates_that_cannot_be_read_are_compared_as_words():
    assert kind("seen", [f"{n}. toukokuuta 2021" for n in range(10, 30)]) != "date"


def test_roles_say_why_a_column_takes_no_part():
    found = of(
        key=["a7", "b8", "c9"],
        record_id=["x", "y", "z"],
        land=["DE", None, "DE"],
        note=[None, " ", ""],
        name=["Ann", "Bob", "Bob"],
    )
    assert {name: p.role for name, p in found.items()} == {
        "key": "id", "record_id": "field", "land": "constant", "note": "empty", "name": "field",
    }  # fmt: skip


def test_a_row_counter_is_an_id_whatever_its_name():
    found = of(n=["3", "1", "2"], year=["1", "3", "9"])
    assert (found["n"].role, found["year"].role) == ("id", "field")


@pytest.mark.parametrize("values", [["1", "1"], ["1", None]])
def test_a_column_that_repeats_or_has_gaps_is_no_id(values):
    assert of(id=values)["id"].role != "id"


def test_a_table_of_one_row_has_fields_not_constants():
    assert of(name=["Ann"])["name"].role == "field"


def test_what_is_measured():
    found = of(name=["Ann", "Ann", "Robert", None])["name"]
    assert (found.filled, found.distinct, found.length) == (0.75, 2 / 3, 4.0)


def test_a_profile_does_not_change_from_run_to_run_on_a_long_column():
    draw = random.Random(0)
    values = [draw.choice(["12", "a b", "2001"]) + str(n) for n in range(6000)]
    assert of(x=values) == of(x=values)
    assert of(x=values)["x"].type in FIELD_TYPES


@pytest.mark.parametrize("values", [["31826", "36281"], ["1577836800"], ["18.02.87"], ["18021987"]])
@pytest.mark.parametrize(("name", "is_date"), [("birth_date", True), ("version", False)])
def test_what_may_be_a_date_is_one_where_the_columns_name_says_so(values, name, is_date):
    assert (profile_column(pl.Series(name, [*values, values[0]] * 5)).type == "date") is is_date

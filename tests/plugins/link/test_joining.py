"""Tables of other schemas, linked without an option: what is paired, joined and converted."""

import random

import polars as pl
import pytest

from tk_link.align import align
from tk_link.frames import from_frame
from tk_link.joining import parts_of
from tk_link.profile import profile

FIRST = ["Ann", "Bob", "Cora", "Dirk", "Emma", "Finn", "Gesa", "Hans", "Ida", "Jan"]
SYLLABLES = ["ber", "lun", "dah", "fal", "gra", "hah", "ihl", "juu", "kro", "mei", "nol", "oss"]


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    rng = random.Random(1)

    def word() -> str:
        return "".join(rng.choices(SYLLABLES, k=2)).title()

    rows = [
        (
            rng.choice(FIRST), word(), f"{rng.randint(1, 99)} {word()} Road", word(),
            f"{rng.randint(10000, 99999)}", f"{rng.randint(1940, 2005)}-0{rng.randint(1, 9)}-17",
            f"{rng.uniform(45, 110):.1f}",
        )
        for _ in range(200)
    ]  # fmt: skip
    names = ["first_name", "surname", "address", "city", "zip", "born", "weight_kg"]
    return pl.DataFrame(rows, names, orient="row")


def pairs(left: pl.DataFrame, right: pl.DataFrame) -> dict[str, str]:
    tables = from_frame(left, "left"), from_frame(right.sample(150, seed=2), "right")
    found = align(*tables, *(profile(t) for t in tables))
    return {f.left: f.right for f in found.fields}


def joined(name: str, *columns: str, by: str = " ") -> pl.Expr:
    return pl.concat_str(columns, separator=by).alias(name)


def test_first_and_last_name_make_the_full_one(people):
    right = people.select(joined("person", "surname", "first_name", by=", "), "city", "born")
    found = {"first_name+surname": "person", "city": "city", "born": "born"}
    assert pairs(people, right) == found
    assert pairs(right, people) == {b: a for a, b in found.items()}


def test_street_town_and_code_make_the_whole_address_of_the_same_name(people):
    right = people.select("surname", joined("address", "address", "zip", "city", by=", "))
    assert pairs(people, right) == {"surname": "surname", "address+city+zip": "address"}


def test_columns_whose_names_say_nothing_are_found_by_rows_that_are_alike(people):
    right = people.select(
        f1="city", f2=pl.col("born").str.to_date().dt.strftime("%d.%m.%Y"), f3="surname",
        f4="first_name",
    )  # fmt: skip
    assert pairs(people, right) == {
        "first_name": "f4", "surname": "f3", "city": "f1", "born": "f2",
    }  # fmt: skip


def test_another_unit_is_found_by_its_steady_ratio(people):
    pounds = (pl.col("weight_kg").cast(pl.Float64) / 0.453592).round(1)
    right = people.select("surname", "first_name", gewicht=pounds.cast(pl.String))
    assert pairs(people, right)["weight_kg*2.205"] == "gewicht"
    right = people.select("surname", "first_name", g=(pl.col("weight_kg").cast(pl.Float64) * 1000))
    assert pairs(people, right)["weight_kg*1000"] == "g"


def test_numbers_without_relation_stay_apart(people):
    other = pl.Series("score", [f"{random.Random(n).uniform(1, 9):.2f}" for n in range(200)])
    right = people.select("surname", "first_name").with_columns(other)
    assert set(pairs(people, right)) == {"surname", "first_name"}


def test_a_part_that_adds_nothing_is_left_out():
    whole = [frozenset({f"a{n}", f"b{n}"}) for n in range(60)]
    cells = {
        "both": whole,
        "half": [frozenset({f"a{n}"}) for n in range(60)],
        "other": [frozenset({f"c{n}"}) for n in range(60)],
    }
    assert parts_of(whole, "both", ["half", "other"], cells) == ["both"]
    assert parts_of(whole, None, ["other"], cells) == []


@pytest.mark.parametrize("rows", [1, 5, 29])
def test_a_few_rows_join_a_name_by_what_its_parts_are_called(people, rows):
    left = people.head(rows)
    right = left.select(joined("full_name", "first_name", "surname"), "city")
    tables = from_frame(left, "left"), from_frame(right, "right")
    found = align(*tables, *(profile(t) for t in tables))
    assert ("first_name+surname", "full_name") in {(f.left, f.right) for f in found.fields}

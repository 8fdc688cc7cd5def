"""Tables of a few rows: plain matches are found, unrelated rows are not, nothing crashes."""

import polars as pl
import pytest

from tk_link import pipeline
from tk_link.config import LinkConfig
from tk_link.frames import from_frame

ANN = {"name": "Anna Bergström", "street": "Mill Street 12", "town": "Oslo"}
BOB = {"name": "Robert Lundquist", "street": "High Road 7", "town": "Rome"}
CY = {"name": "Cyrus Dahlmann", "street": "Station Lane 99", "town": "Bonn"}
DORA = {"name": "Dora Falkenhayn", "street": "Castle Walk 3", "town": "Kiel"}
EMIL = {"name": "Emil Grafenstein", "street": "Meadow Close 41", "town": "Graz"}
SLIP = {"name": "Anna Bergstrom", "street": "Mill Str. 12", "town": "Oslo"}


def run(left, right, **options):
    tables = (from_frame(pl.DataFrame(t), name) for t, name in ((left, "left"), (right, "right")))
    return pipeline.run(*tables, LinkConfig(**options))


def links(left, right, **options):
    pairs = run(left, right, **options).pairs.filter(match_status="match")
    assert (pairs["match_probability"] > 0.5).all()
    return set(pairs.select("left_row", "right_row").iter_rows())


@pytest.mark.parametrize("again", [ANN, SLIP])
def test_one_row_finds_itself_in_a_table_of_one(again):
    assert links([ANN], [again]) == {(0, 0)}


def test_two_different_people_are_not_one():
    assert links([ANN], [BOB]) == set()


def test_two_rows_each_find_their_own():
    assert links([ANN, BOB], [BOB, SLIP]) == {(0, 1), (1, 0)}


def test_two_rows_and_two_strangers_find_nobody():
    assert links([ANN, BOB], [CY, DORA]) == set()


def test_three_against_five_find_the_two_that_are_there():
    assert links([ANN, BOB, CY], [DORA, BOB, EMIL, SLIP, {**DORA, "name": "Didi Fox"}]) == {
        (0, 3),
        (1, 1),
    }


@pytest.mark.parametrize("turned", [False, True])
def test_one_row_finds_itself_among_many(turned):
    many = [{"name": f"{a} {b}", "street": f"{c} Way {n}", "town": d}
            for n, (a, b, c, d) in enumerate(
                (a, b, c, d) for a in ("Ida", "Jon", "Kim", "Leo") for b in ("Ode", "Pym", "Rey")
                for c in ("Oak", "Elm") for d in ("Ulm", "Pau"))]  # fmt: skip
    many.insert(17, ANN)
    one = [SLIP]
    assert links(many, one) == {(17, 0)} if turned else links(one, many) == {(0, 17)}
    assert links([BOB], many) == set()


def test_one_column_of_one_row():
    assert links({"name": ["Anna Bergström"]}, {"name": ["Anna Bergstrom"]}) == {(0, 0)}
    assert links({"name": ["Anna Bergström"]}, {"name": ["Robert Lundquist"]}) == set()


def test_a_row_of_nulls_is_nobody():
    blank = dict.fromkeys(ANN, None)
    assert links([ANN, blank], [blank, ANN]) == {(0, 1)}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 12, 20])
def test_every_size_of_table_finds_itself(size):
    names = ["Anna", "Robert", "Cyrus", "Dora", "Emil", "Fatima", "Gustav", "Helga", "Ivan", "Jo"]
    rows = [
        {"name": f"{names[n % 10]} {names[n * 7 % 9]}son", "town": f"{names[n // 2]}ville",
         "phone": f"040 {n:03}7 {n:02}91"}
        for n in range(size)
    ]  # fmt: skip
    assert links(rows, rows[::-1]) == {(n, size - 1 - n) for n in range(size)}


@pytest.mark.parametrize("how", ["1:1", "m:1", "1:m", "m:m"])
@pytest.mark.parametrize("size", [1, 2, 4, 7])
def test_every_cardinality_works_on_every_size(size, how):
    rows = [ANN, BOB, CY, DORA, EMIL, SLIP, {**BOB, "name": "Bob Lundquist"}][:size]
    linkage = run(rows, rows, how=how, ties="first")
    assert {(n, n) for n in range(min(size, 5))} <= set(
        linkage.pairs.filter(match_status="match").select("left_row", "right_row").iter_rows()
    )


def test_few_pairs_come_with_a_warning():
    assert "few examples" in run([ANN], [ANN]).warnings[0]

"""Faults of LinkTransformer that are not to be inherited (LINKAGE §2), one test each."""

import polars as pl
import pytest
from registers import registers

from tk_link import link

NAMES = ["Anna Bergström", "Robert Lundquist", "Cyrus Dahlmann", "Dora Falkenhayn"]
TOWNS = ["Oslo", "Rome", "Bonn", "Kiel"]


@pytest.fixture(scope="module")
def people():
    return registers(60, 20, 20, seed=13)


def test_k_larger_than_the_table_does_not_return_its_last_row_again_and_again():
    left = pl.DataFrame({"name": [*NAMES, "Zoltan Xerxes"], "town": [*TOWNS, "Ulm"]})
    right = pl.DataFrame({"name": NAMES[::-1], "town": TOWNS[::-1]})
    table = link(left, right, k=500)
    assert table["right_row"].to_list() == [3, 2, 1, 0, None]
    assert table["match_status"].to_list()[-1] == "none"


def test_rows_with_a_null_block_key_stay_in_the_output(people):
    assert people.left["town"].null_count() > 0
    table = link(people.left, people.right, block=["town"])
    assert table.height == people.left.height
    keyless = table.filter(pl.col("town").is_null())
    assert keyless["right_row"].is_null().all()
    assert (keyless["match_status"] == "none").all()


def test_nan_in_a_key_column_neither_crashes_nor_matches_nan():
    years = [1990.0, float("nan"), 1985.0, float("nan")]
    left = pl.DataFrame({"name": NAMES, "year": years})
    right = pl.DataFrame({"name": NAMES[::-1], "year": years[::-1]})
    assert link(left, right)["right_row"].to_list() == [3, 2, 1, 0]
    blocked = link(left, right, block=["year"], on=["name", "year"])
    assert blocked["right_row"].to_list() == [3, None, 1, None]


def test_nan_in_a_pandas_key_column_neither_crashes_nor_matches_nan():
    left = pl.DataFrame({"name": [*NAMES[:2], None, None], "town": TOWNS}).to_pandas()
    right = pl.DataFrame({"name": [None, *NAMES[:2]], "town": ["Ulm", "Oslo", "Rome"]}).to_pandas()
    left.loc[2:, "name"] = float("nan")
    table = pl.from_pandas(link(left, right))
    assert table["right_row"].to_list() == [1, 2, None, None]


def test_there_is_a_threshold_so_a_row_without_partner_stays_without(people):
    table = link(people.left, people.right)
    assert table["right_row"].null_count() >= 15


def test_cardinality_is_enforced_so_no_right_row_is_given_away_twice(people):
    table = link(people.left, people.right, how="1:1")
    assert table["right_row"].drop_nulls().is_unique().all()

from datetime import date

import polars as pl
import pytest

from tk_link.dedupe.config import EVERY
from tk_link.dedupe.golden import merge
from tk_link.frames import from_frame

ROWS = pl.DataFrame({"cluster": [0, 1, 0, 0, 1, 5]})
TABLE = pl.DataFrame(
    {
        "id": ["1", "2", "3", "4", "5", "6"],
        "name": ["A. Berg", "Bob", "Ann Berg", "A. Berg", "Robert", None],
        "city": ["Oslo", None, "Bergen", None, "Kiel", "Cork"],
        "phone": [None, "77", "55", "", None, None],
        "seen": ["2021-05-01", "2020-01-01", "2019-01-01", "2023-01-01", None, "2024-01-01"],
    }
)


def merged(*rules, table=TABLE, **options):
    return merge(from_frame(table, "t"), ROWS, rules, **options)


def test_cells_come_from_the_most_complete_row_that_has_one():
    assert merged().rows() == [
        ("3", "Ann Berg", "Bergen", "55", "2019-01-01"),
        ("2", "Bob", "Kiel", "77", "2020-01-01"),
        ("6", None, "Cork", None, "2024-01-01"),
    ]


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("longest", ["Ann Berg", "Robert", None]),
        ("mode", ["A. Berg", "Bob", None]),
        ("source", ["A. Berg", "Bob", None]),
        ("most-complete", ["Ann Berg", "Bob", None]),
        ("latest:seen", ["A. Berg", "Bob", None]),
    ],
)
def test_every_rule(rule, names):
    assert merged(("name", rule))["name"].to_list() == names


def test_latest_passes_over_empty_cells_and_takes_undated_rows_last():
    found = merged(("city", "latest:seen"), ("name", "latest:seen"))
    assert found["city"].to_list() == ["Oslo", "Kiel", "Cork"]
    assert found["name"].to_list() == ["A. Berg", "Bob", None]


def test_one_rule_for_all_but_ids_and_those_with_their_own():
    found = merged((EVERY, "longest"), ("city", "source"), whole=["id"])
    assert found["id"].to_list() == ["3", "2", "6"]
    assert found["name"].to_list() == ["Ann Berg", "Robert", None]
    assert found["city"].to_list() == ["Oslo", "Kiel", "Cork"]


@pytest.mark.parametrize(
    "dates",
    [
        ["9/5/2021", "1/1/2020", "1/1/2019", "1/1/2023", None, "1/1/2024"],
        ["2021-05-01 09:00", "2020-01-01", "2019-01-01", "2023-01-01 08:30", None, "2024-01-01"],
        ["9", "8", "10", "11", None, "100"],
        [9.0, 8.0, 10.0, 11.0, float("nan"), 100.0],
        [date(2021, 5, 1), date(2020, 1, 1), date(2019, 1, 1), date(2023, 1, 1), None, None],
        ["b", "a", "a", "c", None, "d"],
    ],
)
def test_latest_orders_dates_numbers_and_text(dates):
    table = TABLE.with_columns(seen=pl.Series(dates, strict=False))
    assert merged(("id", "latest:seen"), table=table)["id"].to_list() == ["4", "2", "6"]


def test_types_stay_and_no_cell_is_made_up():
    table = TABLE.with_columns(
        tags=pl.Series([["a"], None, ["a", "b"], None, ["c"], None]),
        amount=pl.Series([1.5, None, 2.5, 2.5, 3.0, None]),
    )
    found = merged((EVERY, "mode"), table=table)
    assert found.schema == table.schema
    assert found["tags"].to_list() == [["a"], ["c"], None]
    assert found["amount"].to_list() == [2.5, 3.0, None]

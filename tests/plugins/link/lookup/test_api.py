import datetime

import pytest

from tk import InputError, UsageError
from tk_link import Lookup


@pytest.fixture(scope="module")
def lookup(table):
    return Lookup.build(table.frame.head(80))


def test_a_record_finds_its_row_with_the_row_itself(lookup, table):
    row = table.text.row(7, named=True)
    asked = {"email": row["email"], "born": datetime.date.fromisoformat(row["born"]), "city": None}
    first = lookup.find(asked, limit=1)[0]
    assert (first["id"], first["record"]) == ("P0007", row)
    assert first["probability"] > 0.5


def test_an_id_alone_finds_its_row(lookup):
    assert lookup.find("P0003")[0]["id"] == "P0003"


def test_what_is_saved_answers_alike(lookup, tmp_path):
    lookup.save(tmp_path / "people.tkindex")
    loaded = Lookup.load(tmp_path / "people.tkindex")
    asked = {"first_name": "Anna", "last_name": "Jung"}
    assert len(loaded) == len(lookup) == 80
    assert loaded.find(asked) == lookup.find(asked)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "record is empty"),
        ({"town": "Graz"}, "no column 'town'"),
        ({"city": b"Graz"}, "must be text"),
    ],
)
def test_a_record_that_cannot_be_understood_says_why(lookup, record, reason):
    with pytest.raises(InputError, match=reason):
        lookup.find(record)


def test_impossible_options_are_refused(lookup, table):
    with pytest.raises(UsageError, match="limit is 0"):
        lookup.find("x", limit=0)
    with pytest.raises(UsageError, match="min_prob 2"):
        lookup.find("x", min_prob=2.0)
    with pytest.raises(InputError, match="town"):
        Lookup.build(table.frame, on=["town"])

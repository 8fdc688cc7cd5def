import polars as pl
import pytest

from tk_link.dedupe.naming import id_column, profile_stacked, row_names
from tk_link.dedupe.stack import stack
from tk_link.frames import from_frame

CRM = {"id": ["1", "2", "3"], "name": ["Ann", "Bob", "Cy"]}


def stacked(*frames):
    return stack([from_frame(pl.DataFrame(f), n) for f, n in zip(frames, "ab", strict=False)])


def named(found):
    profiles = profile_stacked(found.table, found.source)
    return {name for name, p in profiles.items() if p.role == "id"}, id_column(profiles)


def test_ids_that_collide_between_files_still_name_rows():
    assert named(stacked(CRM, CRM)) == ({"id"}, "id")


def test_ids_under_two_names_are_left_out_and_row_numbers_stand_for_them():
    shop = {"ref": ["1", "2", "3"], "name": ["Di", "Bob", "Ed"]}
    assert named(stacked(CRM, shop)) == ({"id", "ref"}, None)


def test_an_id_that_repeats_inside_a_file_is_evidence():
    assert named(stacked(CRM, CRM | {"id": ["1", "2", "2"]})) == (set(), None)


@pytest.mark.parametrize("rows", [1, 3])
def test_one_file(rows):
    found = stack([from_frame(pl.DataFrame(CRM).head(rows), "a")])
    assert named(found)[1] == (None if rows == 1 else "id")


def test_rows_are_called_by_id_or_number_after_their_file():
    table = stacked(CRM, CRM).table
    assert row_names(table, "id", "source").to_list() == [f"{s}:{i}" for s in "ab" for i in "123"]
    assert row_names(table, None, "source").to_list() == [f"{s}:{i}" for s in "ab" for i in "012"]
    assert row_names(table, None, None).to_list() == list("012345")

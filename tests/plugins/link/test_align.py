import polars as pl
import pytest

from tk.errors import InputError
from tk_link.align import align, content_scores, name_score
from tk_link.frames import from_frame
from tk_link.profile import profile

NAMES = ["Ann Berg", "Bob Lund", "Cy Dahl", "Dora Falk", "Emil Graf", "Fay Hahn", "Gil Ihle"]
TOWNS = ["Oslo", "Rome", "Bonn", "Kiel", "Bern", "Lyon", "Graz"]
CODES = ["AB-17", "QX-22", "ZZ-90", "LM-41", "PP-63", "RS-58", "TU-74"]
YEARS = ["1990", "1991", "1985", "1979", "2001", "2003", "1969"]


def aligned(left, right, **options):
    tables = from_frame(pl.DataFrame(left), "left"), from_frame(pl.DataFrame(right), "right")
    return align(*tables, *(profile(t) for t in tables), **options)


def pairs(left, right, **options):
    return {(f.left, f.right): f.why for f in aligned(left, right, **options).fields}


def test_same_names_come_first_in_any_spelling_and_order():
    left = {"Full Name": NAMES, "town": TOWNS}
    right = {"town": TOWNS[::-1], "full_name": NAMES}
    assert pairs(left, right) == {
        ("Full Name", "full_name"): "same name",
        ("town", "town"): "same name",
    }


def test_names_that_mean_the_same_are_paired_across_languages():
    left = {"surname": NAMES, "city": TOWNS, "dob": [f"{y}-03-04" for y in YEARS]}
    right = {"Ort": TOWNS, "Geburtsdatum": [f"4.3.{y}" for y in YEARS], "Nachname": NAMES}
    assert pairs(left, right) == {
        ("surname", "Nachname"): "similar name",
        ("city", "Ort"): "similar name",
        ("dob", "Geburtsdatum"): "similar name",
    }


def test_columns_without_names_are_paired_by_content():
    left, right = {"column_1": NAMES, "x": TOWNS}, {"a": TOWNS[1:], "b": NAMES[:6]}
    assert pairs(left, right) == {
        ("column_1", "b"): "similar content",
        ("x", "a"): "similar content",
    }


def test_each_column_takes_part_at_most_once():
    fields = aligned({"name": NAMES, "name2": NAMES}, {"name": NAMES, "label": NAMES}).fields
    assert len({f.left for f in fields}) == len({f.right for f in fields}) == len(fields)


def test_equal_names_over_unlike_values_are_not_paired():
    left = {"name": NAMES, "date": [f"{y}-01-02" for y in YEARS]}
    right = {"name": NAMES, "date": [f"{n}@example.org" for n in range(7)]}
    assert pairs(left, right) == {("name", "name"): "same name"}


def test_every_column_left_out_has_its_reason():
    left = {"id": list("abcdefg"), "name": NAMES, "land": ["DE"] * 7, "note": [None] * 7}
    right = {"name": NAMES, "price": ["1.5", "2.5", "3", "4", "7", "9", "8"]}
    found = aligned(left, right)
    assert {(s.table, s.column): s.reason for s in found.skipped} == {
        ("left", "id"): "names the rows",
        ("left", "land"): "one value in every row",
        ("left", "note"): "no values",
        ("right", "price"): "no counterpart in the other table",
    }


def test_given_pairs_are_taken_as_they_are_and_nothing_else():
    found = aligned(
        {"name": NAMES, "town": TOWNS}, {"name": NAMES, "town": TOWNS}, on=[("name", "town")]
    )
    assert [(f.left, f.right, f.why) for f in found.fields] == [("name", "town", "given")]
    assert {s.reason for s in found.skipped} == {"not in --on"}


def test_types_and_weights_are_obeyed_by_either_name():
    left, right = {"name": NAMES, "town": TOWNS}, {"name": NAMES, "city": TOWNS}
    found = aligned(left, right, types={"name": "org"}, weights={"city": 3.0})
    assert {f.label: (f.type, f.weight) for f in found.fields} == {
        "name": ("org", 1.0),
        "town=city": ("text", 3.0),
    }


def test_two_types_of_one_family_meet_in_the_more_specific_one():
    right = {"name": [f"{n} Ltd" for n in NAMES]}
    (field,) = aligned({"name": NAMES}, right).fields
    assert field.type == "org"
    left = {"released": YEARS}
    (field,) = aligned(left, {"released": [f"{y}-05-06" for y in YEARS]}).fields
    assert field.type == "date"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"name": NAMES}, {"price": YEARS}),
        ({"name": [None] * 3}, {"name": NAMES}),
        ({"name": [None] * 3}, {"name": [None] * 3}),
        ({"land": ["DE", "DE"]}, {"land": ["DE", "DE"]}),
    ],
)
def test_tables_with_nothing_in_common_are_refused_with_their_columns(left, right):
    with pytest.raises(InputError, match=r"corresponds to a column.*--on 'left=right"):
        aligned(left, right)


def test_a_shared_vague_word_is_no_reason_to_pair():
    start, end = (profile(from_frame(pl.DataFrame({c: YEARS}), "t"))[c] for c in ("start", "end"))
    assert name_score(start, end) == 0.0


def test_content_scores_tell_like_columns_from_unlike():
    def column(*values):
        return pl.Series(list(values))

    like = content_scores([column(*NAMES), column(*CODES)], [column(*NAMES[::-1]), column(*TOWNS)])
    assert like.shape == (2, 2)
    assert like[0, 0] == pytest.approx(1, abs=1e-6)
    assert like[1].max() < 0.1
    empty = pl.Series([None, None], dtype=pl.String)
    assert content_scores([empty], [column(*NAMES)]).tolist() == [[0.0]]

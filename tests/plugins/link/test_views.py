import polars as pl
import pytest

from tk_link.align import align
from tk_link.fields import FIELD_TYPES
from tk_link.frames import from_frame
from tk_link.profile import profile
from tk_link.views import build_views, normalised, spoken

NAMES = ["Ann Berg", "Bob Lund", "Cy Dahl", "Dora Falk", "Emil Graf", "Fay Hahn"]
TOWNS = ["Oslo", "Oslo", "Bonn", "Bonn", "Bern", "Bern"]


def views(left, right, **options):
    tables = from_frame(pl.DataFrame(left), "left"), from_frame(pl.DataFrame(right), "right")
    profiles = [profile(t) for t in tables]
    return build_views(*tables, align(*tables, *profiles, **options).fields, *profiles)


@pytest.mark.parametrize("type_", FIELD_TYPES)
def test_every_type_has_one_spelling(type_):
    assert normalised(pl.Series(["  ", None, "A 1"]), type_).to_list()[1] is None


def test_the_record_is_all_compared_columns_and_the_identifying_view_the_most_distinct():
    found = views({"town": TOWNS, "name": NAMES}, {"name": NAMES, "town": TOWNS})
    assert found.record[0][0] == found.record[1][0] == "oslo ann berg"
    assert found.identifying_field.label == "name"
    assert found.identifying[0].to_list() == [name.lower() for name in NAMES]


def test_missing_values_leave_no_trace_and_all_missing_is_empty():
    left = {"name": ["Ann", None, "Cy"], "town": [None, None, "Bonn"]}
    found = views(left, {"name": ["Ann", "Bob", "Cy"], "town": ["Bonn", "Rome", "Oslo"]})
    assert found.record[0].to_list() == ["ann", "", "cy bonn"]


def test_one_date_in_two_notations_reads_alike_in_the_record():
    left = {"name": NAMES[:2], "born": ["1990-05-06", "1991-07-08"]}
    found = views(left, {"name": NAMES[:2], "born": ["6.5.1990", "8.7.1991"]})
    assert found.record[0].to_list() == found.record[1].to_list()


def test_a_column_without_counterpart_joins_where_the_other_table_knows_its_words():
    left = {"name": NAMES, "address": [f"{n}{n} Low St" for n in range(1, 7)]}
    right = {
        "name": NAMES,
        "address": ["Low St"] * 3 + ["High St"] * 3,
        "house": ["11", "33", "22", "66", "55", "44"],
    }
    assert views(left, right).record[1][0] == "ann berg low st 11"


def test_long_or_unknown_columns_without_counterpart_stay_out():
    right = {
        "name": NAMES,
        "story": [f"Ann Berg and Bob Lund met {n} times " * 9 for n in "abcdef"],
        "mood": ["glad", "sad", "calm", "wild", "numb", "keen"],
    }
    assert views({"name": NAMES}, right).record[1].to_list() == [n.lower() for n in NAMES]


def test_a_column_of_punctuation_alone_harms_nothing():
    right = {"name": NAMES, "x": ["-", "--", "?", "!", ".", "/"]}
    assert views({"name": NAMES}, right).record[1][0] == "ann berg"


def test_one_column_needs_no_second_view_and_wordless_tables_none_at_all():
    found = views({"name": NAMES}, {"name": NAMES})
    assert found.identifying is None
    assert found.wording is not None
    codes = {"sku": [f"AB-{n}" for n in range(6)]}
    assert views(codes, codes).wording is None


def test_wording_is_raw_so_that_codes_keep_their_marks():
    left = {"name": [f"Oak lamp XY-{n}00" for n in range(6)], "town": TOWNS}
    assert views(left, left).wording[0][1] == "Oak lamp XY-100 Oslo"


def test_a_language_model_reads_the_record_in_its_own_spelling():
    table = {"name": ["Ärzte & Söhne GmbH", *NAMES[1:]], "town": TOWNS}
    found = views(table, table)
    assert found.columns == (("name", "town"), ("name", "town"))
    told = spoken(from_frame(pl.DataFrame(table), "t"), found.columns[0])
    assert told[0] == f"Ärzte & Söhne GmbH, {TOWNS[0]}"

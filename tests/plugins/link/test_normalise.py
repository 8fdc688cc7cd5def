"""One spelling per type: every way of writing the same thing meets in one text, number or date."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk_link import normalise

few = settings(max_examples=30, deadline=None)
FOLDING = [normalise.text, normalise.address, normalise.code, normalise.phone, normalise.email]


def series(*values):
    return pl.Series("x", list(values), dtype=pl.String)


def one(function, value):
    return function(series(value))[0]


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("Café  ZUR Sonne", "cafe zur sonne"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("O'Neill", "oneill"),
        ("O’Neill", "oneill"),
        ("Smith-Jones, Ltd.", "smith jones ltd"),
        ("Smith &amp; Sons", "smith sons"),
        ("Caf&eacute;", "cafe"),
        ("ﬁn ① ２", "fin 1 2"),
        ("𝐀lpha", "alpha"),
        ("日本 語", "日本 語"),
        ("שָׁלוֹם", "שלום"),
        ("😀!", None),
        ("", None),
        (None, None),
    ],
)
def test_text_has_one_spelling(written, spelling):
    assert one(normalise.text, written) == spelling


@pytest.mark.parametrize("function", FOLDING)
@few
@given(values=st.lists(st.one_of(st.none(), st.text()), max_size=20))
def test_normalising_twice_changes_nothing(function, values):
    once = function(pl.Series(values, dtype=pl.String))
    assert once.to_list() == function(once).to_list()


@pytest.mark.parametrize("function", [*FOLDING, normalise.organisation])
@few
@given(values=st.lists(st.one_of(st.none(), st.text()), max_size=20))
def test_nothing_is_ever_left_empty_or_with_stray_spaces(function, values):
    done = function(pl.Series(values, dtype=pl.String)).to_list()
    assert len(done) == len(values)
    assert all(value is None or value.strip(" ") == value != "" for value in done)
    assert all(done[n] is None for n, value in enumerate(values) if value is None)


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("Acme Incorporated", "acme"),
        ("ACME GmbH & Co. KG", "acme"),
        ("Acme Gesellschaft mit beschränkter Haftung", "acme"),
        ("Acme Public Limited Company", "acme"),
        ("Costa Coffee", "costa coffee"),
        ("Limited", "ltd"),
        ("SE", "se"),
    ],
)
def test_the_legal_form_is_dropped_unless_nothing_else_is_left(written, spelling):
    assert one(normalise.organisation, written) == spelling


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("12 North Street", "12 n st"),
        ("First Avenue South", "1st ave s"),
        ("North North Road", "n n rd"),
        ("Streetly Close", "streetly cl"),
    ],
)
def test_street_words_are_abbreviated_as_whole_words(written, spelling):
    assert one(normalise.address, written) == spelling


def test_codes_and_phones_keep_only_what_counts():
    assert one(normalise.code, "PSLX-350 H") == one(normalise.code, "pslx350h") == "pslx350h"
    assert one(normalise.code, "--") is None
    assert one(normalise.phone, "0049 40 / 123-456") == "4940123456"
    assert one(normalise.phone, "n/a") is None
    assert one(normalise.email, " A.Berg@Example.ORG ") == "a.berg@example.org"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1,234", 1234.0),
        ("1.234.567", 1234567.0),
        ("1,234,567", 1234567.0),
        ("1.234.567,89", 1234567.89),
        ("1 234,56", 1234.56),
        ("1'000", 1000.0),
        ("12,5 kg", 12.5),
        ("$ 3.99", 3.99),
        ("-5", -5.0),
        ("0.125", 0.125),
        ("none", None),
        (None, None),
    ],
)
def test_numbers_are_read_in_either_notation(written, number):
    assert one(normalise.numbers, written) == number


@few
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1))
def test_whole_numbers_survive_a_round_trip_with_and_without_thousands(values):
    assert normalise.numbers(pl.Series([str(v) for v in values])).to_list() == values
    assert normalise.numbers(pl.Series([f"{v:,}" for v in values])).to_list() == values


@few
@given(st.lists(st.decimals(-(10**9), 10**9, places=2).map(float), min_size=1))
def test_prices_survive_a_round_trip_in_both_notations(values):
    english = [f"{v:,.2f}" for v in values]
    swap = str.maketrans(",.", ".,")
    assert normalise.numbers(pl.Series(english)).to_list() == values
    assert normalise.numbers(pl.Series([v.translate(swap) for v in english])).to_list() == values


DATES = st.dates(date(1500, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y",
     "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
)  # fmt: skip
@few
@given(values=st.lists(DATES, min_size=1, max_size=9))
def test_dates_survive_a_round_trip(form, values):
    assert normalise.dates(pl.Series([v.strftime(form) for v in values])).to_list() == values


def test_the_format_that_fits_most_values_decides_between_day_and_month():
    american = series("12/31/1999", "01/02/2000", "05/23/2001")
    assert normalise.dates(american).to_list()[1] == date(2000, 1, 2)
    european = series("31/12/1999", "01/02/2000", "23/05/2001")
    assert normalise.dates(european).to_list()[1] == date(2000, 2, 1)


@pytest.mark.parametrize("written", ["1999", "c. 1999", "1999.0", " 1999 ", "(1999)"])
def test_a_bare_year_is_its_first_of_january(written):
    assert one(normalise.dates, written) == date(1999, 1, 1)


def test_what_is_no_date_is_missing():
    assert normalise.dates(series("soon", None, "31.02.2000", "1999")).to_list() == [
        None, None, None, date(1999, 1, 1),
    ]  # fmt: skip
    assert normalise.dates(series(None, None)).to_list() == [None, None]
    assert normalise.dates(series()).to_list() == []


@pytest.mark.parametrize(
    "written",
    [
        "18-Feb-87", "18 Feb 1987", "18FEB1987", "Feb 18th, 1987", "February 18 1987",
        "18. Februar 1987", "18 février 1987", "18 de febrero de 1987", "18 febbraio 1987",
        "18 de fevereiro de 1987", "18 februari 1987",
    ],
)  # fmt: skip
def test_months_are_read_by_their_names_in_seven_languages(written):
    assert normalise.dates(pl.Series([written])).to_list() == [date(1987, 2, 18)]


def test_months_that_begin_alike_stay_apart():
    written = pl.Series(
        ["1 juin 2001", "1 juillet 2001", "1 März 2001", "1 maart 2001", "1 Mai 2001"]
    )
    assert normalise.dates(written).dt.month().to_list() == [6, 7, 3, 3, 5]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["13.02.87", "05.06.90", "28.11.01"], ["1987-02-13", "1990-06-05", "2001-11-28"]),
        (["02/13/87", "06/05/90", "11/28/01"], ["1987-02-13", "1990-06-05", "2001-11-28"]),
        (["13/02/1987", "02/13/1987", "25/12/1999"], ["1987-02-13", "1987-02-13", "1999-12-25"]),
        (["18022001", "03121990"], ["2001-02-18", "1990-12-03"]),
        (["19870218", "19121987", "19900303"], ["1987-02-18", None, "1990-03-03"]),  # a slip
        (["2/18/1987 10:00:00 AM", "3/31/1990 1:05 PM"], ["1987-02-18", "1990-03-31"]),
        (["Wed, 5 May 1999", "Mon, 18 Feb 1987"], ["1999-05-05", "1987-02-18"]),
        (["1 mrt 1990", "1 giu 1990", "3 lug 1990"], ["1990-03-01", "1990-06-01", "1990-07-03"]),
        (["1987年2月18日"], ["1987-02-18"]),
        (["31826", "36281.5", None], ["1987-02-18", "1999-05-01", None]),  # a spreadsheet's days
        (["1577836800", "1609459200"], ["2020-01-01", "2021-01-01"]),  # seconds since 1970
        (["1577836800000"], ["2020-01-01"]),
        (["1987", "31826"], ["1987-01-01", None]),
    ],
)
def test_dates_as_they_come(written, meant):
    assert normalise.dates(pl.Series(written)).cast(pl.String).to_list() == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["0,125", "1,375"], [0.125, 1.375]),
        (["1,375", "2,50"], [1.375, 2.5]),
        (["1.500", "1.234.567"], [1500, 1234567]),
        (["1.500", "2,5"], [1500, 2.5]),
        (["1,500", "2.5"], [1500, 2.5]),
        (["1.500", "0.125"], [1.5, 0.125]),
        (["1,500", "1.500"], [1500, 1.5]),
        (["−5", "+5"], [-5, 5]),
        (["12,5 %", "1'500.50", "1 500,50"], [12.5, 1500.5, 1500.5]),
    ],
)
def test_ambiguous_numbers_are_read_as_their_column_is(written, meant):
    assert normalise.numbers(pl.Series(written)).to_list() == meant

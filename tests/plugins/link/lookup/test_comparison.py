import numpy as np
import polars as pl
import pytest

from tk_link import normalise
from tk_link.candidates import Pairs
from tk_link.comparing import dates, keys, names, quantities
from tk_link.lookup import comparison
from tk_link.lookup.spelling import spelled

NAMES = ["anna", "anja", "bill", "william", "w", "anna maria", "maria anna", "brandt", "b", "liz"]
CODES = ["pslx350h", "pslx350", "2349b001", "2349b01", "ab", "abc", "426001"]
PHONES = ["4940123456", "040123456", "123456", "4940123465"]
MAILS = ["anna@post.de", "anna@mail.com", "ana@post.de", "bruno@post.de", "x"]
DAYS = [
    "1980-03-04",
    "1980-04-03",
    "1980-03-05",
    "1981-03-04",
    "1980-12-30",
    "1999-01-01",
    "2013-03-13",
]
YEARS = ["1980-01-01", "1981-01-01", "1999-01-01"]
WIDE = ["12.5", "13.0", "250.0", "1.0", "-4.0", "0.0"]
NARROW = ["1990.0", "1991.0", "2000.0", "2004.0", "2010.0", "1980.0"]
PLACES = ["48.1, 11.5", "48.1001, 11.5", "52.5 13.4", "-33.9;151.2", "48.3, 11.9"]


def of_dates(left, right, pairs):
    return dates.similarity(normalise.dates(left), normalise.dates(right), pairs)


def crossed(values):
    side = pl.Series(values)
    a, b = np.meshgrid(np.arange(len(values)), np.arange(len(values)), indexing="ij")
    size = (len(values), len(values))
    return side, Pairs(a.ravel().astype(np.int32), b.ravel().astype(np.int32), size)


@pytest.mark.parametrize(
    ("of_columns", "of_values", "values"),
    [
        (names.similarity, comparison.name, NAMES),
        (keys.code, comparison.code, CODES),
        (keys.phone, comparison.phone, PHONES),
        (keys.email, comparison.email, MAILS),
        (of_dates, comparison.day, DAYS),
        (of_dates, comparison.year, YEARS),
        (quantities.number, comparison.ratio, WIDE),
        (quantities.place, comparison.place, PLACES),
    ],
    ids=["name", "code", "phone", "email", "day", "year", "number", "place"],
)
def test_one_value_compares_as_its_column_does(of_columns, of_values, values):
    side, pairs = crossed(values)
    wanted = of_columns(side, side, pairs)
    got = [of_values(values[a], values[b]) for a, b in zip(pairs.left, pairs.right, strict=True)]
    np.testing.assert_allclose(got, wanted, atol=2e-6)


def test_numbers_of_a_narrow_column_compare_on_its_spread():
    side, pairs = crossed(NARROW)
    spread = quantities.spread(pl.concat([side, side]).cast(pl.Float64).to_numpy())
    got = [
        comparison.near(NARROW[a], NARROW[b], spread)
        for a, b in zip(pairs.left, pairs.right, strict=True)
    ]
    np.testing.assert_allclose(got, quantities.number(side, side, pairs), atol=2e-6)


def test_values_are_spelled_as_columns_are():
    assert spelled(pl.Series(["  Köln-Deutz "]), "text")[0] == "koln deutz"
    assert spelled(pl.Series(["04.03.1980"]), "date")[0] == "1980-03-04"
    assert spelled(pl.Series(["1.234,50 €"]), "number")[0] == "1234.5"
    assert spelled(pl.Series(["n/a"]), "number")[0] is None
    assert normalise.code(pl.Series(["A-1 b"]))[0] == spelled(pl.Series(["A-1 b"]), "code")[0]

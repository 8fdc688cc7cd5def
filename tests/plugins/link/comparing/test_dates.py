import numpy as np
import pytest

from tk_link import normalise
from tk_link.comparing import dates

FILLER = ("1950-11-23", "1950-11-23")  # so that the column is not one of years


def similarity(left, right, pairs):
    return dates.similarity(normalise.dates(left), normalise.dates(right), pairs)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("1980-05-06", "1980-05-06", 1.0),
        ("1980-05-06", "06.05.1980", 1.0),
        ("1980-05-06", "1980-06-05", 0.93),
        ("1980-05-06", "1981-05-06", 0.9),
        ("1980-05-16", "1980-05-61", None),
        ("1980-05-06", "1980-07-08", 0.75),
        ("1980-12-31", "1981-01-09", 0.65),
        ("1980-01-02", "1980-12-31", 0.45),
        ("1980-05-06", "1937-12-24", 0.05),
        ("1980-05-06", None, None),
        (None, None, None),
    ],
)
def test_dates_are_near_in_the_steps_in_which_people_err(opposite, a, b, expected):
    found = similarity(*opposite((a, b), FILLER))[0]
    back = similarity(*opposite((b, a), FILLER))[0]
    np.testing.assert_equal(found, back)
    np.testing.assert_equal(found, np.float32(np.nan if expected is None else expected))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("1999", "1999-07-05", 1.0), ("1999", "2000-07-05", 0.8), ("1999", "1950-01-05", 0.05)],
)
def test_against_a_column_of_years_only_years_are_compared(opposite, a, b, expected):
    found = similarity(*opposite((a, b), ("2001", "2001-03-04")))[0]
    assert found == pytest.approx(expected)


def test_columns_without_a_date_are_all_unknown(opposite):
    assert np.isnan(similarity(*opposite((None, None), (None, "1999")))).all()
    assert similarity(*opposite()).shape == (0,)

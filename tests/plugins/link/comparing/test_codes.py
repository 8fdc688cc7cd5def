import numpy as np
import polars as pl
import pytest

from tk_link.comparing import codes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sony PSLX-350H turntable", ["pslx350h"]),
        ("toner 2349B001 and 426001", ["2349b001", "426001"]),
        ("AB/12.34", ["ab1234"]),
        ("12 x 3 in", []),
        ("no digits here", []),
        ("PSLX350H pslx-350h", ["pslx350h"]),
        ("", []),
        (None, []),
    ],
)
def test_codes_are_found_inside_text(text, expected):
    assert codes.tokens(pl.Series([text], dtype=pl.String))["code"].to_list() == expected


def test_a_token_on_many_rows_is_a_unit_or_year_not_a_code():
    texts = pl.Series([f"camera K{n}7X 2016 1080p" for n in range(10, 610)])
    assert set(codes.tokens(texts)["code"]) == {f"k{n}7x" for n in range(10, 610)}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("lamp XY-1234", "XY1234 lamp", codes.EQUAL),
        ("lamp XY-1234", "XY-1234B", codes.CONTAINED),
        ("lamp XY-1234", "lamp XY-1235", codes.CONFLICT),
        ("lamp XY-1234 or ZZ-9876", "ZZ9876", codes.EQUAL),
        ("lamp XY-1234", "lamp", np.nan),
        ("lamp XY-1234", None, np.nan),
    ],
)
def test_codes_agree_contain_each_other_or_conflict(opposite, a, b, expected):
    filler = ("QQ-7777", "QQ-7777")
    np.testing.assert_equal(codes.similarity(*opposite((a, b), filler))[0], np.float32(expected))


def test_codes_that_few_rows_hold_say_nothing(opposite):
    rows = [("lamp", "lamp")] * 9
    assert codes.similarity(*opposite(("XY-1234", "XY-1234"), *rows)) is None

import numpy as np
import pytest

from tk_link.comparing import quantities


def test_prices_are_compared_by_ratio(opposite):
    spread = [("10", "10"), ("200", "200"), ("4000", "4000")]
    found = quantities.number(*opposite(("100", "100.00"), ("100", "90"), ("100", "1"), *spread))
    assert found[:3] == pytest.approx([1.0, 0.9, 0.01])


def test_a_narrow_column_is_compared_on_its_own_spread(opposite):
    rows = [(str(y), str(y)) for y in range(1980, 2001)]
    found = quantities.number(*opposite(*rows, ("1990", "1991"), ("1980", "2000")))
    assert found[0] == 1.0
    assert found[-2] == pytest.approx(0.9)
    assert found[-1] == 0.0


def test_missing_numbers_are_unknown_and_zero_is_a_number(opposite):
    found = quantities.number(*opposite((None, "1"), ("x", "1"), ("0", "0"), ("0", "5")))
    np.testing.assert_equal(found, np.array([np.nan, np.nan, 1.0, 0.0], dtype=np.float32))


def test_numbers_of_opposite_sign_are_far_apart(opposite):
    assert quantities.number(*opposite(("-5", "5"), ("100", "100")))[0] == 0.0


def test_a_column_without_numbers_is_all_unknown(opposite):
    assert np.isnan(quantities.number(*opposite(("a", "b"), (None, None)))).all()
    assert quantities.number(*opposite()).shape == (0,)


def test_places_are_near_on_the_globe(opposite):
    berlin = "52.5200, 13.4050"
    found = quantities.place(
        *opposite(
            (berlin, "52.52,13.405"),
            (berlin, "52.5203, 13.4052"),
            (berlin, "52.3906, 13.0645"),  # Potsdam, 27 km
            (berlin, "48.1372, 11.5755"),
            ("0.0, 179.9999", "0.0, -179.9999"),
            (berlin, None),
            (berlin, "Berlin"),
        )
    )
    assert found[0] == 1.0
    assert 0.95 < found[1] < 1.0
    assert 0.1 < found[2] < 0.2
    assert found[3] == 0.0
    assert found[4] > 0.99
    assert np.isnan(found[5:]).all()

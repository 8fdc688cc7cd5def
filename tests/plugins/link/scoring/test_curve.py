import numpy as np
import pytest

from tk_link.scoring.curve import Curve, fitted

CURVE = Curve(np.array([-1.0, 0.0, 2.0]), np.array([0.1, 0.4, 0.8]))


def test_a_curve_is_level_beyond_its_ends_and_straight_between_points():
    assert CURVE(np.array([-9.0, 1.0, 9.0])) == pytest.approx([0.1, 0.6, 0.8])


def test_an_even_chance_is_found_between_points_and_stays_when_moved():
    even = CURVE.even()
    assert CURVE(np.array([even]))[0] == pytest.approx(0.5)
    assert CURVE.moved(-even).even() == pytest.approx(0)


def test_a_curve_that_never_or_always_reaches_an_even_chance_has_an_end_for_it():
    assert Curve(np.array([0.0, 1.0]), np.array([0.1, 0.2])).even() > 1.0
    assert Curve(np.array([0.0, 1.0]), np.array([0.7, 0.9])).even() == 0.0
    assert Curve(np.array([0.0, 1.0]), np.array([0.5, 0.5])).even() == 0.0


def test_the_lower_of_two_curves_is_lower_than_both_everywhere():
    other = Curve(np.array([-2.0, 0.5, 1.0]), np.array([0.3, 0.35, 0.9]))
    lower, at = CURVE.at_most(other), np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0])
    assert lower(at) == pytest.approx(np.minimum(CURVE(at), other(at)))


def test_a_curve_is_fitted_to_chances_and_never_falls():
    curve = fitted(np.array([2.0, 0.0, 0.0, 1.0]), np.array([0.4, 0.1, 0.3, 0.6]))
    assert curve.points.tolist() == [0.0, 1.0, 2.0]
    assert curve.chances.tolist() == pytest.approx([0.2, 0.5, 0.5])

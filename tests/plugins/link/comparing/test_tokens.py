import numpy as np

from tk_link.comparing import tokens


def test_rows_are_alike_in_the_numbers_they_hold(opposite):
    found = tokens.similarity(
        *opposite(
            ("12 Low St", "Low Street 12"),
            ("12 Low St", "14 Low St"),
            ("paint 5 l 300", "paint 5 l 400"),
            ("12b Low St", "12B low st"),
            ("Low St", "12 Low St"),
            (None, "12"),
        )
    )
    assert found[0] == found[3] == 1.0
    assert found[1] == 0.0
    assert 0.2 < found[2] < 0.8
    assert np.isnan(found[4:]).all()


def test_rare_numbers_count_more_than_common_ones(opposite):
    common = [("1 of 1", "1 of 1")] * 20
    rare, plain = tokens.similarity(*opposite(("1 77", "77 9"), ("1 77", "1 9"), *common))[:2]
    assert rare > plain


def test_numbers_that_few_rows_hold_say_nothing(opposite):
    assert tokens.similarity(*opposite(("5 l", "5 l"), *[("paint", "paint 3")] * 9)) is None
    assert tokens.similarity(*opposite(("a", "b"))) is None

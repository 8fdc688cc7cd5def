import numpy as np
import pytest

from tk_link.comparing.rarity import rarity


def test_agreeing_on_a_rare_name_is_more_than_on_a_common_one(opposite):
    rows = [("smith", "smith")] * 30 + [("quist", "quist"), ("smith", "quist"), (None, "smith")]
    found = rarity(*opposite(*rows))
    assert found[30] > found[0] >= 0
    assert found[30] == pytest.approx(1.0, abs=0.2)
    assert np.isnan(found[31:]).all()


def test_nothing_is_said_where_values_hardly_repeat(opposite):
    assert rarity(*opposite(*((f"n{i}", f"n{i}") for i in range(50)))) is None
    assert rarity(*opposite((None, None))) is None

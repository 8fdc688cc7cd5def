import numpy as np
from registers import registers

from tk_link import lookalikes
from tk_link.config import LinkConfig
from tk_link.frames import from_frame
from tk_link.pipeline import run_closely
from tk_link.plan import make_plan, prepare


def looked(seed: int = 1):
    tables = registers(10, 60, 50, seed=seed)
    left, right = from_frame(tables.left, "left"), from_frame(tables.right, "right")
    config = LinkConfig(threads=1)
    run = run_closely(left, right, config)
    plan = make_plan(left, right, config)
    left, right, *_ = prepare(left, right, config)
    found = lookalikes.find(
        left,
        right,
        plan.fields,
        plan.views,
        search=plan.search,
        features=run.features,
        threads=1,
        seed=0,
    )
    return found, run


def test_every_row_is_asked_and_none_resembles_itself():
    (left, right), run = looked()
    assert (left.height, right.height) == (70, 60)
    for side in (left, right):
        assert len(side.asked) == side.height
        assert side.share_asked == 1.0
        assert (side.pairs.left < side.pairs.right).all()
        assert side.values.shape == (len(side.pairs), len(run.features.names))


def test_features_mean_what_they_mean_of_two_tables():
    (left, _), _ = looked()
    known = ~np.isnan(left.values).all(axis=0)
    assert known.all()
    assert np.nanmin(left.values) >= 0.0
    assert np.nanmax(left.values) <= 1.0


def test_values_are_left_out_as_often_as_among_candidates():
    (left, right), run = looked()
    here = np.isnan(run.features.values).mean(axis=0)
    for side in (left, right):
        assert (np.isnan(side.values).mean(axis=0) > here - 0.1).all()


def test_large_tables_are_sampled(monkeypatch):
    monkeypatch.setattr(lookalikes, "MOST_ASKED", 20)
    (left, right), _ = looked()
    assert len(left.asked) == len(right.asked) == 20
    assert left.share_asked == 20 / 70

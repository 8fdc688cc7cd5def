from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tk_link.config import LinkConfig
from tk_link.explain import explain_pair
from tk_link.frames import from_frame
from tk_link.linkage import ACCEPTED
from tk_link.page.linked import link_page
from tk_link.pipeline import run_closely


@pytest.fixture(scope="module")
def page(linked):
    return link_page(*linked, ())


def test_the_chosen_cut_keeps_the_pairs_that_the_run_accepted(page, linked):
    linkage = linked[0].linkage
    (chosen,) = (cut for cut in page.cuts if cut.is_chosen)
    assert chosen.pairs == linkage.pairs["match_status"].is_in(ACCEPTED).sum()
    assert chosen.precision == pytest.approx(linkage.precision)


def test_every_left_row_is_accounted_for(page, linked):
    assert sum(part.count for part in page.parts) == len(linked[1])
    assert sum(part.share for part in page.parts) == pytest.approx(1)


def test_the_bars_of_the_score_chart_hold_every_left_row_once(page, linked):
    compared = linked[0].linkage.pairs["left_row"].n_unique()
    assert sum(sum(mark.heights) for mark in page.charts[0].marks) == compared


def test_the_steps_of_an_example_add_up_to_its_score_as_explained_elsewhere(page, linked):
    run, left, right = linked
    assert len(page.examples) >= 3
    for example in page.examples:
        rows = int(example.names[0]), int(example.names[1])  # the tables have no ids
        told = explain_pair(
            run.pairs,
            run.features,
            run.scores,
            run.guard,
            left=(left, rows[0]),
            right=(right, rows[1]),
        )
        assert sum(step.bits or 0 for step in example.steps) == pytest.approx(told.score)
        assert example.score == pytest.approx(told.score)
        shown = {step.name: step.bits for step in example.steps}
        for name, bits in told.evidence.items():
            if bits is not None and abs(bits) >= 0.05:
                assert shown[name] == pytest.approx(bits)


def test_close_calls_are_the_pairs_nearest_the_cut(page, linked):
    linkage = linked[0].linkage
    doubtful = linkage.pairs.filter(~pl.col("match_status").is_in(["tie", "lost", "variant"]))
    nearest = np.sort((doubtful["match_probability"] - linkage.cut).abs().to_numpy())[:20]
    shown = sorted(abs(pair.probability - linkage.cut) for pair in page.close_calls)
    assert shown == pytest.approx(nearest.tolist())


def test_ties_count_as_missed_not_as_accepted():
    frame = pl.DataFrame({"name": [f"Firm number {n} of {n * 7919 % 1000}" for n in range(40)]})
    twice = pl.concat([frame, frame.head(3)])
    run = run_closely(from_frame(frame, "l"), from_frame(twice, "r"), LinkConfig(how="1:1"))
    page = link_page(run, from_frame(frame, "l"), from_frame(twice, "r"), ())
    assert {part.name: part.count for part in page.parts}["tie"] == 3
    (chosen,) = (cut for cut in page.cuts if cut.is_chosen)
    assert chosen.pairs == 37
    assert chosen.recall < 0.99


def test_no_match_at_all_makes_a_page():
    left = from_frame(pl.DataFrame({"name": ["qqq", "www"]}), "l")
    right = from_frame(pl.DataFrame({"name": ["zz", "xx"]}), "r")
    page = link_page(run_closely(left, right, LinkConfig()), left, right, ())
    assert page.headline == "None of 2 left rows was linked."
    assert (page.charts, page.cuts, page.examples) == ((), (), ())


def test_warnings_are_kept(linked):
    run, left, right = linked
    linkage = replace(run.linkage, warnings=("mind\nthe gap",))
    assert link_page(replace(run, linkage=linkage), left, right, ()).warnings == ("mind the gap",)

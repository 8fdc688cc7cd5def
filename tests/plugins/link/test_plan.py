import json

import polars as pl
import pytest
from registers import registers as made

from tk.errors import InputError
from tk_link import candidates
from tk_link.config import LinkConfig
from tk_link.frames import from_frame
from tk_link.pipeline import run
from tk_link.plan import make_plan
from tk_link.report import plan_json
from tk_link.summary import describe


@pytest.fixture
def registers(firms):
    """The two registers, each firm fifty times under other names."""
    many = [
        pl.concat([frame] * 50)
        .with_row_index("n")
        .with_columns(pl.col("firm") + " " + pl.col("n").hash(1).cast(pl.String).str.slice(0, 6))
        for frame in firms
    ]
    return from_frame(many[0].drop("n"), "left"), from_frame(many[1].drop("n"), "right")


def test_plan_foretells_columns_and_pairs(registers):
    config = LinkConfig(on=(("firm", "firm"), ("city", "city")))
    plan = make_plan(*registers, config)
    linkage = run(*registers, config)
    assert plan.fields == linkage.fields
    assert plan.skipped == linkage.skipped
    assert linkage.candidates / 2 < plan.pairs < linkage.candidates * 2
    assert plan.seconds > 0
    assert plan.megabytes > 100


def test_pairs_are_never_more_than_there_are(firms):
    left, right = (from_frame(frame, "t") for frame in firms)
    assert make_plan(left, right, LinkConfig(on=(("firm", "firm"),), k=100)).pairs <= 120


def test_fewer_candidates_cost_less(registers):
    on = (("firm", "firm"),)
    few, many = (make_plan(*registers, LinkConfig(on=on, k=k)) for k in (2, 40))
    assert few.pairs < many.pairs
    assert few.megabytes < many.megabytes


def test_tables_with_nothing_in_common_are_refused_as_in_a_run(firms):
    other = pl.DataFrame({"x": ["1", "1"], "y": ["2", "2"]})
    with pytest.raises(InputError):
        make_plan(from_frame(firms[0], "left"), from_frame(other, "right"), LinkConfig())


def test_plan_in_words(registers):
    plan = make_plan(*registers, LinkConfig(on=(("firm", "firm"),)))
    lines = list(describe(plan, *registers, words=["a.csv", "--plan", "b.csv"]))
    assert lines[0] == "left        left: 600 rows, 3 columns"
    assert any(line.startswith("candidates  about ") for line in lines)
    assert lines[-1] == "next        do it: tk link a.csv b.csv"


@pytest.fixture
def people(monkeypatch):
    """Tables that are linked as large ones are."""
    monkeypatch.setattr(candidates, "MOST_PRODUCTS", 1e4)
    both = made(150, 50, 50, seed=4)
    return from_frame(both.left, "left"), from_frame(both.right, "right")


def test_a_large_plan_names_its_passes_and_the_recall_to_expect(people):
    plan = make_plan(*people, LinkConfig())
    lines = list(describe(plan, *people, words=["a.csv", "b.csv", "--plan"]))
    assert plan.passes
    for each in plan.passes:
        assert any(each.name in line and f"{each.pairs:,} pairs" in line for line in lines)
    (recall,) = (line for line in lines if line.startswith("recall "))
    assert f"{plan.recall.share:.1%} of the true pairs" in recall
    assert json.loads(plan_json(plan, *people))["recall"]["low"] == plan.recall.low


def test_the_run_does_what_the_plan_said(people):
    plan, linkage = make_plan(*people, LinkConfig()), run(*people, LinkConfig())
    assert not plan.search.needs_rare_grams
    assert linkage.candidates == plan.pairs == len(plan.search.met.keys)
    assert linkage.recall == plan.recall
    assert (linkage.fields, linkage.skipped) == (plan.fields, plan.skipped)


def test_a_blocked_plan_counts_the_block_and_says_what_it_loses(people):
    column = make_plan(*people, LinkConfig()).fields[0].left
    config = LinkConfig(block=((column,),))
    plan, linkage = make_plan(*people, config), run(*people, config)
    assert plan.pairs == linkage.candidates
    assert linkage.recall == plan.recall
    assert plan.recall.share < make_plan(*people, LinkConfig()).recall.share

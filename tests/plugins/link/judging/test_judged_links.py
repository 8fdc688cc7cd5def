"""Judgements on links, with every cardinality, ties, cuts and the variant guard in their way."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registers import registers

from tk.errors import InputError, UsageError
from tk_cli.main import main
from tk_link import Linker, link
from tk_link.auditing.judgements import Journal
from tk_link.candidates import Pairs
from tk_link.comparing.features import RECORD, Features
from tk_link.config import LinkConfig
from tk_link.decisions import decide
from tk_link.guard import Guard
from tk_link.judging import links
from tk_link.judging.judged import Judged
from tk_link.scoring.matching import marginals
from tk_link.scoring.score import Scores

ACCEPTED = pl.col("match_status").is_in(["match", "review"])
HEIGHTS = (6, 6)


def judged(same=(), different=()):
    return Judged(*(np.array(rows, dtype=np.int64).reshape(-1, 2) for rows in (same, different)))


def decided(rows, verdicts, how="1:1", barred=(), **options):
    """Decide over (left, right, chance alone) rows with judgements on them."""
    chances = {(a, b): chance for a, b, chance in rows}
    pairs = Pairs(*(np.array([p[n] for p in sorted(chances)], np.int32) for n in (0, 1)), HEIGHTS)
    pairs = links.with_these(pairs, verdicts.same)
    keys = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    alone = np.array([chances.get(key, 1e-6) for key in keys])
    odds, values = alone / (1 - alone), alone.astype(np.float32)[:, None]
    scores = Scores(marginals(pairs, odds, how), alone, np.log(odds),
                    np.ones((len(keys), 1), np.int8), None, values[:, 0])  # fmt: skip
    features = Features((RECORD,), values, np.ones(1))
    told = np.array([key in barred for key in keys], dtype=bool)
    bound = links.bind(pairs, verdicts, how)
    guard = Guard(-told.astype(float), told, told, pl.Series([None] * len(keys)))
    guard = links.overruled(guard, bound)
    scores = links.heeded(scores, pairs, how, bound, barred=guard.is_barred)
    config = LinkConfig(**options)
    return decide(pairs, features, scores, how, config, guard=guard, bound=bound).pairs


def statuses(pairs):
    columns = ["left_row", "right_row", "match_status"]
    return {(a, b): status for a, b, status in pairs.select(columns).iter_rows()}


def test_a_judged_pair_takes_its_rows_from_better_ones_whatever_its_score():
    rows = [(0, 0, 0.99), (1, 0, 0.1), (0, 1, 0.6)]
    found = decided(rows, judged(same=[(1, 0)]))
    assert statuses(found) == {(0, 1): "match", (1, 0): "match"}
    assert found.filter(pl.col("left_row") == 1)["match_probability"].to_list() == [1.0]
    (second,) = found.filter(pl.col("left_row") == 0)["match_probability"]
    assert second == pytest.approx(0.6)  # its better rival is gone


def test_a_pair_that_was_no_candidate_is_linked_and_its_rows_lose_their_others():
    found = decided([(0, 0, 0.9), (1, 1, 0.9)], judged(same=[(0, 1)]))
    assert statuses(found) == {(0, 1): "match", (1, 1): "lost"}


def test_a_pair_judged_different_leaves_its_rows_to_the_next():
    rows = [(0, 0, 0.99), (0, 1, 0.7), (1, 0, 0.8)]
    found = decided(rows, judged(different=[(0, 0)]))
    assert statuses(found) == {(0, 1): "match", (1, 0): "match"}
    alone = decided([(0, 0, 0.99)], judged(different=[(0, 0)]))
    assert alone.select("match_status", "match_kind", "match_probability").rows() == [
        ("none", "different", 0.0)
    ]


def test_judgements_settle_ties():
    twins = [(0, 0, 0.9), (0, 1, 0.9)]
    assert statuses(decided(twins, judged())) == {(0, 0): "tie"}
    assert statuses(decided(twins, judged(same=[(0, 1)]))) == {(0, 1): "match"}
    assert statuses(decided(twins, judged(different=[(0, 1)]))) == {(0, 0): "match"}


def test_a_variant_judged_the_same_is_the_same():
    found = decided([(0, 0, 0.9)], judged(same=[(0, 0)]), barred=[(0, 0)])
    assert found.select("match_status", "match_kind").rows() == [("match", "same")]
    found = decided([(0, 0, 0.9)], judged(different=[(0, 0)]), barred=[(0, 0)])
    assert found.select("match_status", "match_kind").rows() == [("variant", "variant")]


def test_judgements_stand_above_cut_top_and_cardinality():
    verdicts = judged(same=[(0, 0), (0, 1)])
    found = decided([(0, 0, 0.2), (0, 2, 0.9), (1, 1, 0.9)], verdicts, min_prob=0.6, top=1)
    assert statuses(found) == {(0, 0): "match", (0, 1): "match", (1, 1): "lost"}
    assert [(side, row, rows.tolist()) for side, row, rows in links.beyond(verdicts, "1:1")] == [
        ("left", 0, [0, 1])
    ]
    assert links.beyond(verdicts, "1:m") == []


PAIR = st.tuples(st.integers(0, 5), st.integers(0, 5))
EDGES = st.dictionaries(PAIR, st.sampled_from([0.05, 0.3, 0.6, 0.9, 0.99]), max_size=18).map(
    lambda found: [(a, b, chance) for (a, b), chance in found.items()]
)


@settings(max_examples=150, deadline=None)
@given(
    EDGES,
    st.lists(PAIR, max_size=4, unique=True),
    st.lists(PAIR, max_size=4, unique=True),
    st.lists(PAIR, max_size=3),
    st.tuples(
        st.sampled_from(["1:1", "m:1", "1:m", "m:m"]), st.sampled_from(["drop", "first", "all"])
    ),
)
def test_no_judgement_is_outvoted_and_all_else_obeys_the_cardinality(
    rows, same, different, barred, rules
):
    how, ties = rules
    different = [pair for pair in different if pair not in same]
    found = decided(rows, judged(same, different), how, barred=barred, ties=ties)
    accepted = set(found.filter(ACCEPTED).select("left_row", "right_row").rows())
    assert set(same) <= accepted
    assert not set(different) & accepted
    assert not (set(barred) - set(same)) & accepted
    if ties != "all":
        for side, limited in ((0, ("1:1", "m:1")), (1, ("1:1", "1:m"))):
            partners = [pair[side] for pair in accepted]
            bound = {pair[side] for pair in same}
            if how in limited:
                assert all(partners.count(row) == 1 for row in partners if row not in bound)
                others = {pair[side] for pair in accepted - set(same)}
                assert not others & bound


@pytest.fixture(scope="module")
def people():
    made = registers(60, 20, 20, seed=2)
    left, right = (
        frame.with_columns(id=pl.format(f"{mark}{{}}", pl.int_range(pl.len())))
        for frame, mark in ((made.left, "A"), (made.right, "B"))
    )
    return left, right


def pairs_of(frame):
    return dict(frame.select("left_id", "right_id").rows())


def test_a_run_obeys_judgements_and_says_so(people, tmp_path):
    left, right = people
    before = link(left, right, pairs=True)
    (one, other), (two, another) = before.select("left_id", "right_id").head(2).rows()
    journal = Journal(tmp_path / "j.csv")
    journal.append({(one, other): "n", (two, other): "y", ("A9999", "B1"): "y"})
    after = link(left, right, pairs=True, judged=journal.path, explain=True)
    assert pairs_of(after)[two] == other
    assert pairs_of(after).get(one) != other
    assert another not in pairs_of(after).values()
    why = dict(after.select("left_id", "match_why").rows())
    assert why[two].startswith("judged the same; ")
    rest = [row for row in before.rows() if row[0] not in (one, two)]
    kept = [row for row in after.select(before.columns).rows() if row[0] not in (one, two)]
    assert [row[:2] for row in kept] == [row[:2] for row in rest]
    drawn = link(left, right, judged=journal.path, draws=3)
    counts = drawn.filter(left_id=two, right_id=other)
    assert counts["match_probability"].to_list() == [1.0] * 3
    assert drawn.filter(left_id=one, right_id=other).is_empty()


def test_more_partners_than_allowed_stand_and_are_told(people, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for frame, name in zip(people, ("left.csv", "right.csv"), strict=True):
        frame.write_csv(name)
    Journal(tmp_path / "j.csv").append({("A0", "B0"): "y", ("A0", "B1"): "y"})
    words = ["link", "left.csv", "right.csv", "--pairs", "-o", "p.csv"]
    assert main([*words, "--judged", "j.csv"]) == 0
    said = capsys.readouterr().err
    assert "judged      2 pairs the same, 0 different" in said
    assert (
        "left row 0 has right rows 0, 1 by judgement, though partners are 1:1: all of them" in said
    )
    assert {*pl.read_csv("p.csv").filter(left_id="A0")["right_id"]} == {"B0", "B1"}
    assert main([*words, "--judged", "j.csv", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["judged"] == {
        "same": 2, "different": 0, "absent": 0,
    }  # fmt: skip
    assert main([*words, "--judged", "none.csv"]) == 3


def test_judgements_of_other_tables_are_refused(people, tmp_path):
    left, right = people
    Journal(tmp_path / "j.csv").append({("B0", "A0"): "y"})
    with pytest.raises(InputError, match="whose rows are called like A0 and B0"):
        link(left, right, judged=tmp_path / "j.csv")
    with pytest.raises(UsageError, match="call link"):
        Linker(judged=tmp_path / "j.csv")

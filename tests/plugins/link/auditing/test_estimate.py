import numpy as np
import polars as pl
import pytest

from tk.errors import InputError, UsageError
from tk_link import audit, sample_pairs


def truth(frame, judge):
    is_true = np.array([said == "y" for said in judge.values()])
    accepted = (frame["match_status"] == "match").to_numpy()
    right = (is_true & accepted).sum()
    return right / accepted.sum(), right / is_true.sum()


def test_intervals_cover_the_truth_and_say_something(run):
    frame, judge = run
    precision, recall = truth(frame, judge)
    held, widths = [], []
    for seed in range(20):
        found = audit(frame, judge_of(frame, judge, seed), seed=seed)
        held.append(
            (
                found.precision.low <= precision <= found.precision.high,
                found.recall.low <= recall <= found.recall.high,
            )
        )
        widths.append(
            (found.precision.high - found.precision.low, found.recall.high - found.recall.low)
        )
    assert np.mean(held, axis=0).min() >= 0.9
    precision_width, recall_width = np.median(widths, axis=0)
    assert precision_width < 0.3
    assert recall_width < 0.55  # many doubtful pairs, on purpose


def test_matches_that_clusters_overruled_are_expected_where_pairs_speak_for_themselves():
    rng = np.random.default_rng(2)
    sure, hidden, rest = 1_000, 300, 3_700
    frame = pl.DataFrame(
        {
            "left_id": [f"a{n}" for n in range(sure + hidden + rest)],
            "right_id": [f"b{n}" for n in range(sure + hidden + rest)],
            "match_probability": np.repeat([0.995, 0.0001, 0.0001], [sure, hidden, rest]),
            "pair_probability": np.repeat([0.995, 0.6, 0.0001], [sure, hidden, rest]),
            "match_status": np.repeat(["match", "none", "none"], [sure, hidden, rest]),
        }
    )
    true = rng.random(len(frame)) < np.repeat([0.99, 0.4, 0.0005], [sure, hidden, rest])
    pairs = frame.select("left_id", "right_id").rows()
    judge = {pair: "y" if said else "n" for pair, said in zip(pairs, true, strict=True)}
    _, recall = truth(frame, judge)
    held = {}
    for name, seen in (("own", frame), ("stated", frame.drop("pair_probability"))):
        recalls = [audit(seen, judge_of(seen, judge, seed), seed=seed).recall for seed in range(20)]
        held[name] = np.mean([found.low <= recall <= found.high for found in recalls])
    assert held["own"] >= 0.9
    assert held["stated"] < 0.7


def judge_of(frame, judge, seed, size=50):
    chosen = sample_pairs(frame, size=size, seed=seed).select("left_id", "right_id").rows()
    return {pair: judge[pair] for pair in chosen}


def test_more_judgements_narrow_the_intervals(run):
    frame, judge = run
    few = audit(frame, judge_of(frame, judge, 1, 40), size=40, seed=1)
    many = audit(frame, judge_of(frame, judge, 1, 1_000), size=1_000, seed=1)
    assert many.precision.high - many.precision.low < 0.5 * (few.precision.high - few.precision.low)
    assert many.recall.high - many.recall.low < 0.5 * (few.recall.high - few.recall.low)


def test_all_pairs_judged_leave_nothing_open(run):
    frame, judge = run
    found = audit(frame, judge, size=len(frame))
    precision, recall = truth(frame, judge)
    assert found.precision.value == pytest.approx(precision)
    assert found.precision.low == pytest.approx(precision)
    assert (found.recall.low, found.recall.high) == pytest.approx((recall, recall))


def test_a_sample_is_repeatable_and_a_larger_one_holds_it(run):
    frame, _ = run
    small, again, large = (sample_pairs(frame, size=n, seed=3) for n in (30, 30, 90))
    assert small.equals(again)
    rows = [set(found.select("left_id", "right_id").rows()) for found in (small, large)]
    assert len(rows[0]) == 30
    assert rows[0] < rows[1]
    assert not small.equals(sample_pairs(frame, size=30, seed=4))


def test_half_of_the_sample_was_accepted(run):
    frame, _ = run
    chosen = sample_pairs(frame, size=40).join(frame, on=["left_id", "right_id"])
    assert (chosen["match_status"] == "match").sum() == 20


def test_judgements_outside_the_sample_do_not_count(run):
    frame, judge = run
    inside = judge_of(frame, judge, 0)
    foreign = {("q", str(n)): "y" for n in range(500)}
    alone, beside = audit(frame, inside), audit(frame, {**inside, **foreign})
    assert beside.outside == 500
    assert beside.precision == alone.precision
    assert beside.judged == alone.judged == 50


def test_unsure_pairs_count_as_not_judged(run):
    frame, judge = run
    inside = judge_of(frame, judge, 0)
    unsure = dict.fromkeys(list(inside)[:5], "u")
    found = audit(frame, inside | unsure)
    assert (found.judged, found.unsure) == (45, 5)


def test_a_perfect_run_may_be_perfect(run):
    frame, _ = run
    judge = {
        (left, right): "y" if status == "match" else "n" for left, right, _, status in frame.rows()
    }
    found = audit(frame, judge_of(frame, judge, 0))
    assert found.precision.high == 1
    assert found.recall.high == 1


def test_accepted_pairs_alone_give_no_recall(run):
    frame, judge = run
    accepted = frame.filter(pl.col("match_status") == "match")
    found = audit(accepted, judge_of(accepted, judge, 0))
    assert found.recall is None
    assert found.judged == 50


def test_a_wanted_precision_moves_the_cut(run):
    frame, judge = run
    judged = judge_of(frame, judge, 2, 200)
    cuts = [audit(frame, judged, size=200, seed=2, precision=p).cut for p in (0.8, 0.95)]
    assert cuts[0].cut < cuts[1].cut
    assert cuts[1].precision >= 0.95
    assert cuts[0].recall > cuts[1].recall


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_few_judgements_are_enough_to_say_something(run, size):
    frame, judge = run
    found = audit(frame, judge_of(frame, judge, 0, size), size=size)
    assert 0 <= found.precision.low < found.precision.high <= 1


def test_what_cannot_be_audited_is_said(run):
    frame, judge = run
    with pytest.raises(InputError, match="no accepted pair is judged"):
        audit(frame, {})
    with pytest.raises(InputError, match="no column match_probability"):
        audit(frame.drop("match_probability"), judge)
    with pytest.raises(InputError, match="no columns left_id"):
        audit(frame.rename({"left_id": "x"}), judge)
    with pytest.raises(InputError, match="holds no accepted pair"):
        audit(frame.with_columns(match_status=pl.lit("none")), judge)
    with pytest.raises(InputError, match="between 0 and 1"):
        audit(frame.with_columns(pl.col("match_probability") * 2), judge)
    with pytest.raises(UsageError, match="'maybe' is none of"):
        audit(frame, {("a", "b"): "maybe"})
    with pytest.raises(UsageError, match="size is 0"):
        audit(frame, judge, size=0)

from importlib import import_module
from pathlib import Path

import pytest

GOLD = {("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")}


def scoring():
    return import_module("scoring")


def test_precision_recall_and_f1_by_hand() -> None:
    # two of three accepted are right, two of four gold are found: F1 = 2*2 / (3+4)
    got = scoring().score({("a", "1"): None, ("b", "2"): None, ("c", "9"): None}, GOLD)
    assert (got.accepted, got.gold, got.correct) == (3, 4, 2)
    assert got.precision == pytest.approx(2 / 3)
    assert got.recall == pytest.approx(0.5)
    assert got.f1 == pytest.approx(4 / 7)
    assert got.calibration_error is got.expected_calibration_error is None


def test_calibration_by_hand() -> None:
    # stated 0.95, 0.91 (bin 9: one right of two), 0.62 (bin 6: right), 0.55 (bin 5: wrong)
    accepted = {("a", "1"): 0.95, ("b", "9"): 0.91, ("c", "3"): 0.62, ("d", "9"): 0.55}
    got = scoring().score(accepted, GOLD)
    assert got.mean_probability == pytest.approx(0.7575)
    assert got.calibration_error == pytest.approx(0.2575)
    # (|1.86 - 1| + |0.62 - 1| + |0.55 - 0|) / 4
    assert got.expected_calibration_error == pytest.approx((0.86 + 0.38 + 0.55) / 4)


def test_certainty_falls_into_the_last_bin() -> None:
    assert scoring().expected_calibration_error([(1.0, True), (1.0, False)]) == pytest.approx(0.5)


def test_a_missing_probability_leaves_calibration_out() -> None:
    got = scoring().score({("a", "1"): 0.9, ("b", "2"): None}, GOLD)
    assert got.precision == 1
    assert got.calibration_error is None


@pytest.mark.parametrize(
    ("accepted", "gold"), [({}, GOLD), ({("a", "1"): 0.9}, set()), ({}, set())]
)
def test_nothing_accepted_or_nothing_to_find_is_zero(accepted: dict, gold: set) -> None:
    got = scoring().score(accepted, gold)
    assert (got.precision, got.recall, got.f1) == (0, 0, 0)


def test_only_labelled_pairs_are_scored(tmp_path: Path) -> None:
    (tmp_path / "right.csv").touch()
    (tmp_path / "matches.csv").write_text("left_id,right_id\na,1\nb,2\nz,9\n")
    (tmp_path / "labelled.csv").write_text("left_id,right_id,label\na,1,1\nb,2,1\nc,3,0\n")
    out = tmp_path / "out.csv"
    out.write_text("left_id,right_id,match_probability\na,1,0.9\nc,3,0.7\nq,7,0.99\n")
    got = scoring().score_folder(tmp_path, out)
    # q,7 is unlabelled and z,9 is gold outside the labelled pairs: neither counts
    assert (got.accepted, got.gold, got.correct) == (2, 2, 1)
    assert got.mean_probability == pytest.approx(0.8)


def test_every_pair_counts_without_labels(tmp_path: Path) -> None:
    (tmp_path / "right.csv").touch()
    (tmp_path / "matches.csv").write_text("left_id,right_id\n007,1\n")
    out = tmp_path / "out.csv"
    out.write_text("left_id,right_id\n007,1\n7,1\n")
    got = scoring().score_folder(tmp_path, out)
    assert (got.accepted, got.correct) == (2, 1)  # leading zeros are part of an id


def test_clusters_are_scored_by_all_their_pairs_and_in_either_order() -> None:
    stated = {("b", "a"): 0.9, ("b", "c"): 0.6, ("x", "y"): 0.8}
    got = scoring().score_duplicates(stated, {("a", "b"), ("c", "a"), ("z", "y")})
    # the clusters abc and xy hold four pairs; ab and ac are right, zy is missed
    assert (got.accepted, got.gold, got.correct) == (4, 3, 2)
    assert got.mean_probability == pytest.approx(2.3 / 3)
    assert got.calibration_error == pytest.approx(2.3 / 3 - 1 / 3)


def test_clusters_that_meet_late_are_one() -> None:
    found = scoring().closure([("a", "b"), ("c", "d"), ("d", "b"), ("e", "e")])
    assert found == {("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")}

"""How right a set of accepted pairs is, and how honest its probabilities are.

Standard library only: the process that measures others stays small, because a child starts with
the peak memory of its parent.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

Pair = tuple[str, str]
BINS = 10


@dataclass(frozen=True)
class Score:
    """What accepted pairs are worth against the gold.

    Attributes:
        calibration_error: |mean probability of accepted pairs - precision|, None without
            probabilities.
        expected_calibration_error: The same difference in ten bins of probability, averaged
            with the bins' shares of the accepted pairs.
    """

    accepted: int
    gold: int
    correct: int
    precision: float
    recall: float
    f1: float
    mean_probability: float | None = None
    calibration_error: float | None = None
    expected_calibration_error: float | None = None


def score(accepted: Mapping[Pair, float | None], gold: set[Pair]) -> Score:
    """Score accepted pairs; every pair counts, and pairs without a probability are allowed."""
    correct = len(accepted.keys() & gold)
    precision = correct / len(accepted) if accepted else 0.0
    recall = correct / len(gold) if gold else 0.0
    f1 = 2 * correct / (len(accepted) + len(gold)) if accepted or gold else 0.0
    plain = Score(len(accepted), len(gold), correct, precision, recall, f1)
    stated = [(p, pair in gold) for pair, p in accepted.items() if p is not None]
    if not stated or len(stated) < len(accepted):
        return plain
    mean = sum(p for p, _ in stated) / len(stated)
    return Score(
        *(plain.accepted, plain.gold, correct, precision, recall, f1),
        mean_probability=mean,
        calibration_error=abs(mean - precision),
        expected_calibration_error=expected_calibration_error(stated),
    )


def score_duplicates(stated: Mapping[Pair, float | None], gold: set[Pair]) -> Score:
    """Score the clusters that stated pairs make, and the probabilities of those pairs.

    Every pair inside a cluster counts for precision and recall, stated or not.
    """
    stated = {unordered(pair): p for pair, p in stated.items()}
    gold = set(map(unordered, gold))
    pairs = score(stated, gold)
    return replace(
        score(dict.fromkeys(closure(stated)), gold),
        mean_probability=pairs.mean_probability,
        calibration_error=pairs.calibration_error,
        expected_calibration_error=pairs.expected_calibration_error,
    )


def unordered(pair: Pair) -> Pair:
    """Return the pair with its lesser id first."""
    left, right = pair
    return (left, right) if left <= right else (right, left)


def closure(pairs: Iterable[Pair]) -> set[Pair]:
    """Return all pairs of ids that are connected by pairs."""
    clusters: dict[str, list[str]] = {}
    for left, right in pairs:
        one, other = (clusters.setdefault(name, [name]) for name in (left, right))
        if one is not other:
            one.extend(other)
            clusters.update(dict.fromkeys(other, one))
    members = {id(cluster): cluster for cluster in clusters.values()}
    return {unordered(pair) for cluster in members.values() for pair in combinations(cluster, 2)}


def expected_calibration_error(stated: Iterable[tuple[float, bool]]) -> float:
    """Average |stated - true share| over ten equal bins of [0, 1], weighted by their sizes."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for probability, is_match in stated:
        bins[min(int(probability * BINS), BINS - 1)].append((probability, is_match))
    total = sum(map(len, bins))
    gaps = (abs(sum(p for p, _ in b) - sum(is_match for _, is_match in b)) for b in bins)
    return sum(gaps) / total


def inside(accepted: Mapping[Pair, float | None], labelled: set[Pair]) -> dict[Pair, float | None]:
    """Keep the accepted pairs that somebody has labelled; of the others nothing is known."""
    return {pair: p for pair, p in accepted.items() if pair in labelled}


def read_pairs(path: Path) -> dict[Pair, float | None]:
    """Read accepted pairs; `match_probability` is None where the column is absent or empty."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {
            (row["left_id"], row["right_id"]): float(p) if (p := row.get(PROBABILITY)) else None
            for row in csv.DictReader(lines)
        }


PROBABILITY = "match_probability"


def score_folder(folder: Path, out: Path) -> Score:
    """Score the pairs in `out` on a data set, inside its `labelled.csv` where there is one.

    A data set without a right table is one of duplicates.
    """
    accepted = read_pairs(out)
    gold = set(read_pairs(folder / "matches.csv"))
    if not (folder / "right.csv").exists():
        return score_duplicates(accepted, gold)
    labelled = folder / "labelled.csv"
    if labelled.exists():
        known = set(read_pairs(labelled))
        accepted, gold = inside(accepted, known), gold & known
    return score(accepted, gold)

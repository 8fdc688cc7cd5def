"""Print how often the true precision lies in the range that `tk link` states.

    python benchmarks/linkage/coverage.py DIR… [--only part-of-a-name,…]

Each DIR holds link sets as folders of `left.csv`, `right.csv` and `matches.csv`, whose first
columns are ids. The range says 90%. One from 0 to 1 would hold every truth, so the width stands
beside. A set of which nothing is accepted has no precision, and counts neither way. Where a set has
a `labelled.csv` the truth is that of the labelled pairs, and itself known only roughly.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import polars as pl

from tk_link.config import LinkConfig
from tk_link.linkage import ACCEPTED
from tk_link.pipeline import run
from tk_link.reading import read_table
from tk_link.tables import Table

Rows = set[tuple[int, int]]


@dataclass(frozen=True)
class Result:
    """What was stated of one set, and what is true."""

    name: str
    accepted: int
    gold: int
    right: int
    stated: float
    low: float
    high: float

    @property
    def precision(self) -> float:
        return self.right / self.accepted

    @property
    def f1(self) -> float:
        return 2 * self.right / max(self.accepted + self.gold, 1)

    @property
    def is_held(self) -> bool:
        return self.low - 1e-9 <= self.precision <= self.high + 1e-9

    def __str__(self) -> str:
        said = f"{self.name:22} accepted {self.accepted:5} of {self.gold:5} F1 {self.f1:.4f}"
        if not self.accepted:
            return said
        mark = "" if self.is_held else "  OUTSIDE"
        return (
            f"{said}  P {self.precision:.3f} stated {self.stated:.3f} "
            f"({self.low:.3f} to {self.high:.3f}){mark}"
        )


def rows_of(path: Path, left: Table, right: Table) -> Rows:
    """Return the pairs of a file as row numbers."""
    rows = [{v: n for n, v in enumerate(t.text.to_series(0).to_list())} for t in (left, right)]
    frame = pl.read_csv(path, infer_schema=False)
    return {(rows[0][a], rows[1][b]) for a, b in frame.select(pl.nth(0, 1)).iter_rows()}


def measure(folder: Path) -> Result:
    """Link a set without options and hold what is stated against the truth."""
    left, right = (read_table(str(folder / f"{side}.csv")) for side in ("left", "right"))
    gold, labelled = rows_of(folder / "matches.csv", left, right), folder / "labelled.csv"
    linkage = run(left, right, LinkConfig(threads=1))
    accepted = linkage.pairs.filter(pl.col("match_status").is_in(ACCEPTED))
    stated = {
        (a, b): p
        for a, b, p in accepted.select("left_row", "right_row", "match_probability").iter_rows()
    }
    if labelled.exists():
        known = rows_of(labelled, left, right)
        stated = {pair: p for pair, p in stated.items() if pair in known}
        gold &= known
    return Result(
        folder.name,
        len(stated),
        len(gold),
        len(stated.keys() & gold),
        mean(stated.values()) if stated else 1.0,
        *linkage.precision_range,
    )


def summary(name: str, results: Sequence[Result]) -> str:
    """Return one line about many sets."""
    some = [result for result in results if result.accepted]
    matched = [result.f1 for result in results if result.gold]
    gaps = [abs(result.stated - result.precision) for result in some]
    width = [result.high - result.low for result in some]
    return (
        f"{name}: {len(results)} sets, {len(some)} with accepted pairs: the truth in range in "
        f"{sum(result.is_held for result in some)} ({mean(r.is_held for r in some):.0%}), width "
        f"{mean(width):.3f} (median {median(width):.3f}), |p-P| {mean(gaps):.3f}, "
        f"F1 where there are matches {mean(matched):.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+", help="folders of link sets")
    parser.add_argument("--only", default="", help="parts of names, separated by commas")
    args = parser.parse_args()
    parts = args.only.split(",")
    everything = []
    for data in args.data:
        results = []
        for folder in sorted(path.parent for path in data.glob("*/right.csv")):
            if any(part in folder.name for part in parts):
                results.append(measure(folder))
                print(results[-1], flush=True)
        if results:
            print(summary(str(data), results), flush=True)
            everything += results
    if len(args.data) > 1:
        print(summary("all", everything))


if __name__ == "__main__":
    main()

"""Audit runs with simulated judges and see how often the intervals hold the truth.

    python benchmarks/linkage/audit.py --data DIR [--only name,…] [--size 50] [--seeds 200]

Each data set is linked (or deduplicated) once by tk without options, all scored pairs are kept, and
for every seed a sample is drawn, judged by the gold and estimated from. Of each 90% interval the
table gives how often it held the true value and how wide it is in the middle (median). Recall is
that of all scored pairs, as the audit says; `R gold` is of all pairs in the gold, those that were
never compared included, and `gold cov` how often the interval held that.
"""

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from run import tasks
from scoring import closure, unordered

from tk_link.auditing.population import read_population
from tk_link.auditing.sample import draw_sample
from tk_link.auditing.verdicts import judged_audit, pairs_of
from tk_link.reading import read_table

SLACK = 1e-9
"""What rounding may move an end of an interval by."""


@dataclass(frozen=True)
class Result:
    """One data set: true values, and for each audit the two intervals."""

    data: str
    pairs: int
    precision: float
    recall: float
    recall_of_gold: float
    intervals: np.ndarray  # (seeds, 4): precision low, high, recall low, high

    def held(self, value: float, at: int) -> float:
        """Return the share of audits whose interval from column `at` holds `value`."""
        low, high = self.intervals[:, at], self.intervals[:, at + 1]
        return float(((low - SLACK <= value) & (value <= high + SLACK)).mean())

    def width(self, at: int) -> float:
        return float(np.median(self.intervals[:, at + 1] - self.intervals[:, at]))


def audited(folder: Path, *, size: int, seeds: int) -> Result:
    """Link the tables of a folder and audit the run once for every seed."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "pairs.parquet")
        tk = str(Path(sys.executable).with_name("tk"))
        if (folder / "right.csv").exists():
            line = ["link", folder / "left.csv", folder / "right.csv", "--pairs", "-o", out]
        else:
            whole = Path(scratch, "clusters.csv")
            line = ["dedupe", folder / "left.csv", "-o", whole, "--pairs", out]
        subprocess.run([tk, *map(str, line), "--all", "-q"], check=True)
        table = read_table(str(out))
    gold = {tuple(row) for row in pairs_in(folder / "matches.csv")}
    labelled = folder / "labelled.csv"
    if labelled.exists():  # nothing is known of the other pairs
        known = {tuple(row) for row in pairs_in(labelled)}
        is_known = pl.Series(
            [row in known for row in table.text.select("left_id", "right_id").rows()]
        )
        table = type(table)(
            table.name, table.frame.filter(is_known), table.text.filter(is_known), table.notes
        )
        gold &= known
    if not (folder / "right.csv").exists():
        gold = closure(gold)
    population = read_population(table)
    ids = zip(population.left, population.right, strict=True)
    order = unordered if not (folder / "right.csv").exists() else tuple
    judge = {pair: "y" if order(pair) in gold else "n" for pair in ids}
    true = np.array([said == "y" for said in judge.values()])
    right = int(true[population.is_accepted].sum())
    intervals = []
    for seed in range(seeds):
        sample = draw_sample(population, size, seed=seed)
        judged = {pair: judge[pair] for pair in pairs_of(population, sample)}
        found = judged_audit(population, sample, judged, precision=None, seed=seed)
        assert found.recall is not None
        ends = (found.precision.low, found.precision.high, found.recall.low, found.recall.high)
        intervals.append(ends)
    return Result(
        folder.name,
        len(population),
        right / int(population.is_accepted.sum()),
        right / int(true.sum()),
        right / len(gold),
        np.array(intervals),
    )


def pairs_in(path: Path) -> list[tuple[str, ...]]:
    return pl.read_csv(path, infer_schema=False).select("left_id", "right_id").rows()


COLUMNS = "data pairs P cov width low high R cov width low high R_gold gold_cov"


def as_table(results: list[Result]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS.split():
        table.add_column(name, justify="left" if name == "data" else "right")
    for found in results:
        cells = [found.data, f"{found.pairs:,}"]
        for value, at in ((found.precision, 0), (found.recall, 2)):
            ends = np.median(found.intervals[:, at : at + 2], axis=0)
            numbers = (found.held(value, at), found.width(at), *ends)
            cells += [f"{value:.4f}", *(f"{number:.3f}" for number in numbers)]
        cells += [f"{found.recall_of_gold:.4f}", f"{found.held(found.recall_of_gold, 2):.3f}"]
        table.add_row(*cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description="Audit runs with simulated judges.")
    parser.add_argument("--data", type=Path, required=True, help="folder of data set folders")
    parser.add_argument("--only", default="", help="names of data sets, separated by commas")
    parser.add_argument("--size", type=int, default=50, help="judgements in an audit")
    parser.add_argument("--seeds", type=int, default=200, help="audits of each data set")
    parser.add_argument("--processes", type=int, default=1, help="data sets at once")
    args = parser.parse_args()
    links, duplicates = tasks(args.data, [name for name in args.only.split(",") if name])
    work = partial(audited, size=args.size, seeds=args.seeds)
    with ProcessPoolExecutor(args.processes) as pool:
        results = list(pool.map(work, [*links, *duplicates]))
    wide = Console(width=None if sys.stdout.isatty() else 160)
    wide.print(as_table(results))
    both = np.array([[r.held(r.precision, 0), r.held(r.recall, 2)] for r in results])
    print(f"\nmean coverage: precision {both[:, 0].mean():.3f}, recall {both[:, 1].mean():.3f}")
    first = [
        [
            (r.intervals[seed, at] - SLACK <= value <= r.intervals[seed, at + 1] + SLACK)
            for value, at in ((r.precision, 0), (r.recall, 2), (r.recall_of_gold, 2))
        ]
        for seed in range(args.seeds)
        for r in results
    ]
    shaped = np.array(first).reshape(args.seeds, len(results), 3)
    scored, gold = (
        shaped[:, :, :2].all(axis=2).sum(axis=1),
        shaped[:, :, [0, 2]].all(axis=2).sum(axis=1),
    )
    for name, counts in (("all scored pairs", scored), ("the whole gold", gold)):
        least = 0.8 * len(results)
        print(
            f"both intervals hold, recall of {name}: {counts.mean():.2f} of {len(results)} sets on "
            f"average, at least {least:.0f} in {(counts >= least).mean():.1%} of the seeds"
        )


if __name__ == "__main__":
    main()

"""Measure tk and its peers on every task under a folder, and print one table.

    python benchmarks/linkage/run.py --data DIR [--only name,…] [--systems tk,splink,…]
        [--peer-python PATH] [--limit 300] [--json OUT]

A folder with `right.csv` is a task for `tk link`, one without for `tk dedupe`. Run it with the
Python that has `tk`; the peers have an environment of their own (`benchmarks/requirements.txt`).
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from measure import Cost, measured
from rich.console import Console
from rich.table import Table
from scoring import Score, score_folder
from systems import NAMES, command, does


@dataclass(frozen=True)
class Result:
    """One data set and one system; without a score, `note` says why."""

    data: str
    system: str
    cost: Cost
    score: Score | None
    note: str


def tasks(data: Path, only: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Return the folders of link tasks under `data`, and those of dedupe tasks."""
    folders = sorted(left.parent for left in data.glob("*/left.csv"))
    chosen = [folder for folder in folders if not only or folder.name in only]
    if unknown := set(only) - {folder.name for folder in folders}:
        raise SystemExit(f"no data set {', '.join(sorted(unknown))} under {data}")
    links = [folder for folder in chosen if (folder / "right.csv").exists()]
    return links, [folder for folder in chosen if folder not in links]


def run_one(folder: Path, system: str, *, peer_python: str, limit: float) -> Result:
    """Run one system on one data set in a scratch copy that holds the tables and no gold."""
    with tempfile.TemporaryDirectory() as scratch:
        names = ("left.csv", "right.csv", *(() if system == "tk" else ("columns.csv",)))
        for name in names:
            if (folder / name).exists():
                shutil.copy(folder / name, scratch)
        tables = [path for name in names[:2] if (path := Path(scratch, name)).exists()]
        out = Path(scratch, "out.csv")
        line = command(system, tables, out, peer_python=peer_python)
        try:
            cost = measured(line, limit=limit)
        except FileNotFoundError as error:
            return Result(folder.name, system, Cost(0, 0, 0, 127, False, ""), None, str(error))
        if cost.timed_out:
            return Result(folder.name, system, cost, None, f"stopped after {limit:.0f} s")
        if cost.code or not out.exists():
            note = f"exit {cost.code}: {cost.message}"
            return Result(folder.name, system, cost, None, note)
        return Result(folder.name, system, cost, score_folder(folder, out), "")


def cells(result: Result) -> list[str]:
    """Return the row of the table for one result."""
    cost, got = result.cost, result.score
    costs = [f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak / 1e6:.0f}"]
    if got is None:
        return [result.data, result.system, "", "", "", "", "", "", *costs, result.note]
    rates = [f"{value:.3f}" for value in (got.precision, got.recall, got.f1)]
    honesty = (got.calibration_error, got.expected_calibration_error)
    gaps = ["" if value is None else f"{value:.3f}" for value in honesty]
    return [result.data, result.system, str(got.accepted), *rates, *gaps, *costs, ""]


COLUMNS = "data system pairs P R F1 |p-P| ECE wall_s cpu_s peak_MB note"


def as_table(results: Sequence[Result]) -> Table:
    """Return all results as one table, a rule between data sets."""
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS.split():
        table.add_column(name, justify="left" if name in {"data", "system", "note"} else "right")
    for result in results:
        table.add_row(*cells(result))
    return table


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure tk and its peers.")
    parser.add_argument("--data", type=Path, required=True, help="folder of data set folders")
    parser.add_argument("--only", default="", help="names of data sets, separated by commas")
    parser.add_argument("--systems", default=",".join(NAMES), help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--peer-python", default=sys.executable, help="the peers' Python")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one run")
    parser.add_argument("--json", type=Path, help="write every number here")
    args = parser.parse_args()
    args.systems = args.systems.split(",")
    if unknown := set(args.systems) - set(NAMES):
        parser.error(f"unknown system {', '.join(sorted(unknown))}; known: {', '.join(NAMES)}")
    return args


def main() -> None:
    args = arguments()
    links, duplicates = tasks(args.data, [name for name in args.only.split(",") if name])
    results = []
    for folder in [*links, *duplicates]:
        for system in (name for name in args.systems if does(name, tables=1 + (folder in links))):
            result = run_one(folder, system, peer_python=args.peer_python, limit=args.limit)
            print("  ".join(filter(None, cells(result))), file=sys.stderr, flush=True)
            results.append(result)
    wide = Console(width=None if sys.stdout.isatty() else 160)
    wide.print(as_table(results))
    if args.json:
        args.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Measure `tk link` and Splink, one after the other, on made people tables of growing size.

    python benchmarks/linkage/scale.py --generator GEN [--sizes 10000,100000,1000000]
        [--systems tk,splink-1:1] [--peer-python PATH] [--work DIR] [--stages] [--plot growth.svg]
        [--json OUT]

`GEN` is a script called as `GEN N SEED FOLDER` that writes `FOLDER/people_N/` with the three tables
(it runs in the peers' environment). Ratios are of the same run: the machine is noisy. `--stages`
runs `tk link` once more a size, under a profiler, and prints the processor seconds of each stage.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from chart import svg
from rich.console import Console
from rich.table import Table
from run import Result, as_table, cells, run_one

_SEED = "42"


def made(generator: Path, size: int, work: Path, peer_python: str) -> Path:
    """Return the folder of the tables of one size, making them where they are missing."""
    folder = work / f"people_{size}"
    if not (folder / "matches.csv").exists():
        work.mkdir(parents=True, exist_ok=True)
        line = [peer_python, str(generator), str(size), _SEED, str(work)]
        subprocess.run(line, check=True)
    return folder


def ratios(results: list[Result]) -> list[str]:
    """Return one line a size: our time and memory over those of every peer that finished."""
    lines = []
    ours = {r.data: r for r in results if r.system == "tk" and r.score}
    for result in results:
        if result.system == "tk" or result.score is None or result.data not in ours:
            continue
        mine = ours[result.data].cost
        theirs = result.cost
        wall, cpu, peak = mine.wall / theirs.wall, mine.cpu / theirs.cpu, mine.peak / theirs.peak
        lines.append(
            f"{result.data}: tk / {result.system} = {wall:.2f} wall, {cpu:.2f} cpu, "
            f"{peak:.2f} memory"
        )
    return lines


def plot(results: list[Result], path: Path) -> None:
    """Draw wall time, processor time and peak memory over rows."""
    panels: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for result in results:
        if result.score is None:
            continue
        rows, cost = int(result.data.removeprefix("people_")), result.cost
        for title, value in (
            ("wall time, s", cost.wall),
            ("processor time, s", cost.cpu),
            ("peak memory, GB", cost.peak / 1e9),
        ):
            panels.setdefault(title, {}).setdefault(result.system, []).append((rows, value))
    if panels:
        path.write_text(svg(panels, below="rows on each side"))


def stages(folder: Path) -> dict[str, float]:
    """Return processor seconds by stage of one `tk link`, and their sum as `all`."""
    script = Path(__file__).with_name("stages.py")
    done = subprocess.run([sys.executable, script, folder], check=True, stdout=subprocess.PIPE)
    spent = json.loads(done.stdout)
    return {**spent["stages"], "all": spent["cpu"]}


def as_stages(spent: dict[str, dict[str, float]]) -> Table:
    """Return seconds by stage, a column a size."""
    table = Table("cpu_s", *spent, box=None, pad_edge=False)
    for stage in next(iter(spent.values())):
        table.add_row(stage, *(f"{seconds[stage]:.1f}" for seconds in spent.values()))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure growth from 10k to 1M rows.")
    parser.add_argument("--generator", type=Path, required=True, help="script that makes tables")
    parser.add_argument("--sizes", default="10000,100000", help="rows, separated by commas")
    parser.add_argument("--systems", default="tk,splink,splink-1:1")
    parser.add_argument("--peer-python", default=sys.executable, help="the peers' Python")
    parser.add_argument("--limit", type=float, default=3600, help="seconds for one run")
    parser.add_argument("--work", type=Path, default=Path("people"), help="where tables are made")
    parser.add_argument("--stages", action="store_true", help="also print the time of each stage")
    parser.add_argument("--plot", type=Path, help="draw growth into this SVG")
    parser.add_argument("--json", type=Path, help="write every number here")
    args = parser.parse_args()
    results, spent = [], {}
    for size in map(int, args.sizes.split(",")):
        folder = made(args.generator, size, args.work, args.peer_python)
        for system in args.systems.split(","):
            result = run_one(folder, system, peer_python=args.peer_python, limit=args.limit)
            print("  ".join(filter(None, cells(result))), file=sys.stderr, flush=True)
            results.append(result)
        if args.stages:
            spent[folder.name] = stages(folder)
    wide = Console(width=None if sys.stdout.isatty() else 160)
    wide.print(as_table(results))
    print("\n".join(ratios(results)))
    if spent:
        wide.print(as_stages(spent))
    if args.plot:
        plot(results, args.plot)
    if args.json:
        args.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")


if __name__ == "__main__":
    main()

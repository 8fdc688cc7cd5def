"""Measure `tk link` and Splink, one after the other, on made people tables of growing size.

    python benchmarks/linkage/scale.py --generator GEN [--sizes 10000,100000,1000000]
        [--systems tk,splink-1:1] [--peer-python PATH] [--work DIR] [--plot growth.png] [--json OUT]

`GEN` is a script called as `GEN N SEED FOLDER` that writes `FOLDER/people_N/` with the three tables
(it runs in the peers' environment). Ratios are of the same run: the machine is noisy.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
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
    """Return one line a size: our wall time and memory over those of every peer that finished."""
    lines = []
    ours = {r.data: r for r in results if r.system == "tk" and r.score}
    for result in results:
        if result.system == "tk" or result.score is None or result.data not in ours:
            continue
        mine = ours[result.data].cost
        wall, peak = mine.wall / result.cost.wall, mine.peak / result.cost.peak
        lines.append(f"{result.data}: tk / {result.system} = {wall:.2f} wall, {peak:.2f} memory")
    return lines


def plot(results: list[Result], path: Path) -> None:
    """Draw wall time and peak memory over rows, both axes logarithmic."""
    import matplotlib  # noqa: PLC0415 - wanted for the picture alone

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for system in dict.fromkeys(r.system for r in results):
        done = [r for r in results if r.system == system and r.score]
        rows = [int(r.data.removeprefix("people_")) for r in done]
        axes[0].loglog(rows, [r.cost.wall for r in done], marker="o", label=system)
        axes[1].loglog(rows, [r.cost.peak / 1e9 for r in done], marker="o", label=system)
    for axis, title in zip(axes, ("wall time, s", "peak memory, GB"), strict=True):
        axis.set(xlabel="rows on each side", title=title)
        axis.grid(True, which="both", alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure growth from 10k to 1M rows.")
    parser.add_argument("--generator", type=Path, required=True, help="script that makes tables")
    parser.add_argument("--sizes", default="10000,100000", help="rows, separated by commas")
    parser.add_argument("--systems", default="tk,splink,splink-1:1")
    parser.add_argument("--peer-python", default=sys.executable, help="the peers' Python")
    parser.add_argument("--limit", type=float, default=3600, help="seconds for one run")
    parser.add_argument("--work", type=Path, default=Path("people"), help="where tables are made")
    parser.add_argument("--plot", type=Path, help="draw growth into this picture")
    parser.add_argument("--json", type=Path, help="write every number here")
    args = parser.parse_args()
    results = []
    for size in map(int, args.sizes.split(",")):
        folder = made(args.generator, size, args.work, args.peer_python)
        for system in args.systems.split(","):
            result = run_one(folder, system, peer_python=args.peer_python, limit=args.limit)
            print("  ".join(filter(None, cells(result))), file=sys.stderr, flush=True)
            results.append(result)
    wide = Console(width=None if sys.stdout.isatty() else 160)
    wide.print(as_table(results))
    print("\n".join(ratios(results)))
    if args.plot:
        plot(results, args.plot)
    if args.json:
        args.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Measure what is lost or won where candidates begin to come from passes instead of all texts.

    python benchmarks/linkage/switch.py dedupe|link DIR… [--ways auto,texts,passes]

Each folder is run as the plan decides and both ways, whatever the size. A folder of a link task
is stacked for dedupe (`stacked`). Prints the candidates a row, the share of true pairs among
them, precision, recall and F1 of the pairs joined, and CPU seconds.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from stacked import stacked, write

from tk_link import candidates
from tk_link.config import LinkConfig
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.pipeline import run_closely as dedupe
from tk_link.linkage import ACCEPTED
from tk_link.pipeline import run_closely as link
from tk_link.reading import read_table
from tk_link.tables import Table

Keys = np.ndarray
_DECIDED = candidates.is_small
WAYS = {"auto": _DECIDED, "texts": lambda record: True, "passes": lambda record: False}


def gold_keys(folder: Path, left: Table, right: Table) -> Keys:
    """Return ``left row · width + right row`` of the true pairs; in one table, lower row first."""
    rows = [{v: n for n, v in enumerate(t.text.to_series(0).to_list())} for t in (left, right)]
    named = pl.read_csv(folder / "matches.csv", infer_schema=False).to_numpy()[:, :2]
    pairs = np.array([(rows[0][a], rows[1][b]) for a, b in named], dtype=np.int64)
    if left is right:
        pairs.sort(axis=1)
    return np.unique(pairs[:, 0] * len(right) + pairs[:, 1])


def run(task: str, folder: Path) -> tuple[int, Keys, Keys, Keys, float]:
    """Return the rows, the true pairs, the candidates, the pairs joined, and CPU seconds."""
    left = read_table(str(folder / "left.csv"))
    right = left if task == "dedupe" else read_table(str(folder / "right.csv"))
    start = time.process_time()
    if task == "dedupe":
        within = dedupe(left, DedupeConfig())
        proposed, joined = within.within.pairs, within.clustering.pairs
    else:
        run = link(left, right, LinkConfig())
        proposed, joined = run.pairs, run.linkage.pairs
        joined = joined.filter(pl.col("match_status").is_in(ACCEPTED))
    seconds = time.process_time() - start
    a, b = (joined[name].to_numpy().astype(np.int64) for name in ("left_row", "right_row"))
    if task == "dedupe":
        a, b = np.minimum(a, b), np.maximum(a, b)
    keys = proposed.left.astype(np.int64) * len(right) + proposed.right
    return len(left), gold_keys(folder, left, right), keys, a * len(right) + b, seconds


def measure(task: str, folder: Path, ways: list[str]) -> None:
    for way in ways:
        candidates.is_small = WAYS[way]
        height, gold, keys, joined, seconds = run(task, folder)
        hits = int(np.isin(joined, gold).sum())
        precision, recall = hits / max(len(joined), 1), hits / len(gold)
        print(
            f"{folder.name:<16}{height:>9,}  {way:<7}{len(keys) / height:>8.2f}"
            f"{np.isin(gold, keys).mean():>9.4f}{precision:>9.4f}{recall:>8.4f}"
            f"{2 * hits / (len(joined) + len(gold)):>8.4f}{seconds:>8.1f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=("dedupe", "link"))
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--ways", default=",".join(WAYS))
    options = parser.parse_args()
    print("data              rows     way     per row    among     prec  recall      F1   CPU s")
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as scratch:
            chosen = folder
            if options.task == "dedupe" and (folder / "right.csv").exists():
                chosen = Path(scratch, folder.name)
                write(chosen, *stacked(folder))
            measure(options.task, chosen, options.ways.split(","))


if __name__ == "__main__":
    main()

"""Link sets by letters, by meaning and by both, end to end and in one run.

    python benchmarks/linkage/meaning.py FOLDER… [--model NAME]

Per set and ``--retrieve``: accepted pairs, precision, recall and F1 against the whole gold mapping,
stated precision less the true one, and processor seconds: of the whole run, and of the encoding and
the search in it. The cache of vectors is a fresh one, so `dense` pays for encoding and `hybrid`,
which comes after it, does not. An endpoint works in another process, whose seconds are not counted:
wall seconds of encoding stand beside. The first column of each table is its id.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from tk_link.config import LinkConfig, Retrieve
from tk_link.linkage import ACCEPTED
from tk_link.pipeline import run
from tk_link.reading import read_table

VIEWS: tuple[Retrieve, ...] = ("lexical", "dense", "hybrid")


def measure(folder: Path, retrieve: Retrieve, model: str) -> str:
    left, right = (read_table(str(folder / f"{side}.csv")) for side in ("left", "right"))
    config = LinkConfig(retrieve=retrieve, model=None if retrieve == "lexical" else model)
    start = time.process_time()
    linkage = run(left, right, config)
    seconds = time.process_time() - start
    accepted = linkage.pairs.filter(pl.col("match_status").is_in(ACCEPTED))
    ids = [table.text.to_series(0) for table in (left, right)]
    found = set(
        zip(
            ids[0].gather(accepted["left_row"]).to_list(),
            ids[1].gather(accepted["right_row"]).to_list(),
            strict=True,
        )
    )
    gold = set(pl.read_csv(folder / "matches.csv", infer_schema=False).select(pl.nth(0, 1)).rows())
    hits = len(found & gold)
    precision, recall = hits / max(len(found), 1), hits / len(gold)
    f1 = 2 * hits / (len(found) + len(gold))
    stated = linkage.precision if found else np.nan
    return (
        f"{folder.name:16} {retrieve:8} {len(found):6,} {precision:6.3f} {recall:6.3f} {f1:6.3f} "
        f"{stated - precision:+6.3f} {seconds:7.1f} {linkage.timings.get('meaning', 0):8.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="minilm")
    options = parser.parse_args()
    print(f"{'data':16} {'retrieve':8} {'pairs':>6} {'P':>6} {'R':>6} {'F1':>6} {'p-P':>6} "
          f"{'cpu_s':>7} {'encode_s':>8}")  # fmt: skip
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["TK_CACHE"] = cache
            for retrieve in VIEWS:
                print(measure(folder, retrieve, options.model), flush=True)


if __name__ == "__main__":
    main()

"""Measure the variant guard and the weight of rare names on folders with known matches.

    python benchmarks/linkage/variants.py FOLDER… [--on first_name,surname,city]

F1 and |mean probability - precision| of accepted pairs with the guard and without it; how many
pairs came out as variants, and the share of them that the gold calls no match. With ``--on`` these
columns alone are compared, and the same is printed without the rarity of names. The first column
of each table is its id.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from tk_link.comparing.features import Features
from tk_link.config import LinkConfig
from tk_link.decisions import decide
from tk_link.pipeline import Run, run_closely
from tk_link.reading import read_table
from tk_link.scoring.score import score
from tk_link.tables import Table

Rows = set[tuple[int, int]]


def pairs_of(path: Path, left: Table, right: Table) -> Rows:
    rows = [{v: n for n, v in enumerate(t.text.to_series(0).to_list())} for t in (left, right)]
    frame = pl.read_csv(path, infer_schema=False)
    return {(rows[0][a], rows[1][b]) for a, b in frame.select(pl.nth(0, 1)).iter_rows()}


def quality(pairs: pl.DataFrame, gold: Rows, judged: Rows | None) -> str:
    accepted = pairs.filter(pl.col("match_status").is_in(["match", "review"]))
    found = {
        (a, b): p
        for a, b, p in accepted.select("left_row", "right_row", "match_probability").iter_rows()
        if judged is None or (a, b) in judged
    }
    right = len(found.keys() & gold)
    precision, recall = right / max(len(found), 1), right / len(gold)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    stated = float(np.mean(list(found.values()))) if found else 0.0
    return f"{precision:7.3f} {recall:7.3f} {f1:7.4f} {abs(stated - precision):7.3f}"


def without_guard(run: Run, config: LinkConfig, *, rarity: bool = True) -> pl.DataFrame:
    chosen = [n for n, name in enumerate(run.features.names) if rarity or "rarity of" not in name]
    names = tuple(run.features.names[n] for n in chosen)
    features = Features(names, run.features.values[:, chosen], run.features.weights[chosen])
    scores = score(features, run.pairs, run.linkage.how, seed=config.seed)
    return decide(run.pairs, features, scores, run.linkage.how, config).pairs


def measure(folder: Path, on: str | None) -> None:
    left, right = (read_table(str(folder / f"{side}.csv")) for side in ("left", "right"))
    gold, labelled = pairs_of(folder / "matches.csv", left, right), folder / "labelled.csv"
    judged = pairs_of(labelled, left, right) if labelled.exists() else None
    config = LinkConfig(on=None if on is None else tuple((c, c) for c in on.split(",")))
    run = run_closely(left, right, config)
    told = run.linkage.pairs.filter(match_status="variant").select("left_row", "right_row")
    seen = [pair for pair in told.iter_rows() if judged is None or pair in judged]
    share = f"{np.mean([pair not in gold for pair in seen]):9.3f}" if seen else f"{'':>9}"
    counts = f"{len(told):8} {len(seen):7} {share}"
    rows = [("guarded", run.linkage.pairs, counts), ("blind", without_guard(run, config), "")]
    if on is not None:
        rows.append(("no rarity", without_guard(run, config, rarity=False), ""))
    for name, pairs, more in rows:
        print(f"{folder.name:18} {name:10} {quality(pairs, gold, judged)} {more}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--on", help="columns to compare, named alike in both tables")
    options = parser.parse_args()
    print(
        f"{'data':18} {'':10} {'P':>7} {'R':>7} {'F1':>7} {'|p-P|':>7} "
        f"{'variants':>8} {'judged':>7} {'non-match':>9}"
    )
    for folder in options.folders:
        measure(folder, options.on)


if __name__ == "__main__":
    main()

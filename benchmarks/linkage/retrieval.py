"""Measure what letters, meaning and both retrieve on link sets, as the pipeline sees their texts.

    python benchmarks/linkage/retrieval.py FOLDER… [--model NAME] [--k 10]

Per set and view: the share of true pairs among the candidates, and how many candidates there are;
then what ``--retrieve auto`` chooses and why. The first column of each table is its id.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link import candidates
from tk_link.config import LinkConfig
from tk_link.dense import dense_neighbours, open_backend, open_encoder, plan_retrieval
from tk_link.plan import prepare
from tk_link.reading import read_table
from tk_link.tables import Table
from tk_link.views import build_views


def gold_keys(folder: Path, left: Table, right: Table) -> NDArray[np.int64]:
    rows = [{v: n for n, v in enumerate(t.text.to_series(0).to_list())} for t in (left, right)]
    pairs = pl.read_csv(folder / "matches.csv", infer_schema=False).to_numpy()[:, :2]
    return np.array([rows[0][a] * len(right) + rows[1][b] for a, b in pairs], dtype=np.int64)


def measure(folder: Path, model: str, k: int) -> None:
    left, right = (read_table(str(folder / f"{side}.csv")) for side in ("left", "right"))
    left, right, profiles, aligned = prepare(left, right, LinkConfig())
    views = build_views(left, right, aligned.fields, *profiles)
    pairs = candidates.find(left, right, aligned.fields, views, k=k).pairs
    letters = pairs.left.astype(np.int64) * len(right) + pairs.right
    view = dense_neighbours(*views.record, encoder=open_encoder(model), backend=open_backend(), k=k)
    meaning, gold = view.keys(k), gold_keys(folder, left, right)
    both = np.union1d(letters, meaning)
    for name, keys in (("lexical", letters), ("dense", meaning), ("hybrid", both)):
        print(f"{folder.name:16} {name:8} {np.isin(gold, keys).mean():7.4f} {len(keys):9,}")
    choice = plan_retrieval(*views.record)
    print(f"{'':16} auto: {choice.retrieval} ({choice.reason})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--k", type=int, default=10)
    options = parser.parse_args()
    print(f"{'data':16} {'view':8} {'recall':>7} {'pairs':>9}")
    for folder in options.folders:
        measure(folder, options.model, options.k)


if __name__ == "__main__":
    main()

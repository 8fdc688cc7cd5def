"""What a report says that a cut would come to, beside the truth.

``python benchmarks/linkage/cuts.py DIR…``: each folder holds {left,right,matches}.csv, the id in
the first column. Both numbers count all gold pairs, those that no retrieval found among them.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from tk_link.config import LinkConfig
from tk_link.page.estimates import cuts
from tk_link.page.linked import cut_choice
from tk_link.pipeline import Run, run_closely
from tk_link.reading import read_table
from tk_link.scoring.matching import assign
from tk_link.tables import Table

CUTS = (0.2, 0.5, 0.9)


def truth(run: Run, left: Table, right: Table, gold: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of the pairs that a cut chooses from, and whether each is gold."""
    kept = assign(run.pairs, run.scores.order(), run.linkage.how)
    pairs = pl.DataFrame(
        {
            "left": left.text.to_series(0).gather(run.pairs.left[kept]),
            "right": right.text.to_series(0).gather(run.pairs.right[kept]),
        }
    )
    found = pairs.join(
        gold.with_columns(is_gold=True), on=["left", "right"], how="left", maintain_order="left"
    )
    return run.scores.probability[kept], found["is_gold"].fill_null(False).to_numpy()


def main(folders: list[Path]) -> None:
    print(f"{'data':<18}" + "".join(f"  cut {c}: P est/true   R est/true" for c in CUTS))
    for folder in folders:
        left, right = (read_table(str(folder / f"{side}.csv")) for side in ("left", "right"))
        gold = pl.read_csv(folder / "matches.csv", infer_schema=False)
        gold = gold.select(left=pl.nth(0), right=pl.nth(1)).unique()
        run = run_closely(left, right, LinkConfig())
        chances, is_gold = truth(run, left, right, gold)
        line = f"{folder.name:<18}"
        for cut in cuts(cut_choice(run)):
            if cut.at in CUTS:
                right_ones = is_gold[chances >= cut.at]
                line += f"      {cut.precision:8.3f}/{right_ones.mean():.3f}"
                line += f"  {cut.recall:.3f}/{right_ones.sum() / len(gold):.3f}"
        print(line, flush=True)


main([Path(folder) for folder in sys.argv[1:]])

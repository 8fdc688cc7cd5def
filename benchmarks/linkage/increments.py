"""Add a register to a state in parts, and compare with linking it all at once.

    python benchmarks/linkage/increments.py DIR [--parts 5]

DIR holds left.csv and right.csv with the same columns. The left table comes first, then the right
one in parts, each in a run of its own: `tk dedupe PART --state`. Printed for each run: whether its
clusters are those of one run over the same files (equal sets of rows, same sizes, confidences and
canonical rows), how many earlier rows kept their cluster id, how many of the others are told by a
merged or split cluster, and seconds of processor time, of the run and of one over all files.
"""

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl

from tk_link import dedupe
from tk_link.changes.comparison import compare
from tk_link.changes.memberships import Memberships


def split(folder: Path, out: Path, parts: int) -> list[Path]:
    """Write the left table and the parts of the right one."""
    left, right = (
        pl.read_csv(folder / f"{side}.csv", infer_schema=False) for side in ("left", "right")
    )
    size = -(-len(right) // parts)
    pieces = [left, *right.iter_slices(size)]
    names = ["left.csv", *(f"right{number}.csv" for number in range(1, len(pieces)))]
    for name, piece in zip(names, pieces, strict=True):
        piece.write_csv(out / name)
    return [out / name for name in names]


def timed(paths: list[Path], **options: object) -> tuple[pl.DataFrame, float]:
    """Deduplicate; return the result and the seconds of processor time."""
    start = time.process_time()
    frame = dedupe(paths, **options)
    return frame, time.process_time() - start


def is_equal(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Tell whether two results are the same but for the names of clusters."""
    ids = pl.DataFrame({"one": one["cluster_id"], "other": other["cluster_id"]}).unique()
    count = ids.height == one["cluster_id"].n_unique() == other["cluster_id"].n_unique()
    return count and one.drop("cluster_id").equals(other.drop("cluster_id"))


def memberships(frame: pl.DataFrame) -> Memberships:
    row = pl.concat_str("source", pl.lit(":"), "id")
    return Memberships("run", frame.select(row=row, cluster="cluster_id"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = split(given.folder, Path(folder), given.parts)
        state, before = Path(folder) / "links.state", None
        print("run    rows  equal  ids kept  merged split moved renamed  cpu s  cpu s of one run")
        for run, file in enumerate(files, start=1):
            grown, spent = timed([file], state=state)
            # one run over the first file alone has no column of file names
            full, once = timed(files[:run]) if run > 1 else (grown, spent)
            kept, counts = "", [0, 0, 0, 0]
            if before is not None:
                found = compare(memberships(before), memberships(grown))
                old = before["cluster_id"] == grown["cluster_id"].head(len(before))
                kept = f"{old.sum():,}/{len(old):,}"
                counts = [found.count(c) for c in ("merged", "split", "moved", "renamed")]
            print(
                f"{run:3} {len(grown):7,}  {is_equal(grown, full)!s:5}  {kept:>13}  "
                + " ".join(f"{count:6,}" for count in counts)
                + f"  {spent:6.1f}  {once:6.1f}"
            )
            before = grown
        again, spent = timed([files[-1]], state=state)
        print(f"again {len(again):,} rows, same result: {again.equals(before)}, {spent:.1f} cpu s")
        print(f"state {state.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

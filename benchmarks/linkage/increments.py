"""Add a register to a state in parts, and compare with linking it all at once.

    python benchmarks/linkage/increments.py DIR [--parts 5] [--first 0] [--link]
                                            [--earlier revise|keep]

DIR holds left.csv and right.csv with the same columns, and matches.csv with the true pairs. The
left table comes first, with as many parts of the right one as --first says, then its other parts,
each in a run of its own: `tk dedupe PART --state`. Printed for each run: whether its clusters are
those of one run over the same files (equal sets of rows, same sizes, confidences and canonical
rows), how many earlier rows kept their cluster id, how many of the others are told by a merged or
split cluster, F1 against the true pairs of the rows that have arrived, of the run and of one over
all files, and likewise seconds of processor time.

With --link both tables come in parts, one of each in a run: `tk link LEFT RIGHT --state`. Equal
then means every cell of the joined table but the ids of clusters, which one run has not.
"""

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tk_link import dedupe, link
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


def pairs_in(clusters: pl.DataFrame, *by: str) -> int:
    """Count the pairs of rows that share these labels."""
    sizes = clusters.drop_nulls(by).group_by(by).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def f1_of_clusters(frame: pl.DataFrame, entities: pl.DataFrame) -> float:
    """Return F1 over the pairs of rows of one cluster; rows in no true pair are entities alone."""
    rows = frame.select("id", "cluster_id").join(entities, on="id", how="left")
    right, found, true = (
        pairs_in(rows, *by) for by in (("cluster_id", "entity"), ("cluster_id",), ("entity",))
    )
    return 2 * right / (found + true)


def entities_of(folder: Path) -> pl.DataFrame:
    """Return ``id`` and ``entity`` of the rows in true pairs, whose ids no two rows share."""
    matches = pl.read_csv(folder / "matches.csv", infer_schema=False)
    ids = pl.Series(pl.concat([matches["left_id"], matches["right_id"]]).unique().sort())
    at = dict(zip(ids, range(len(ids)), strict=True))
    ends = [matches[column].replace_strict(at).to_numpy() for column in matches.columns[:2]]
    edges = sparse.coo_matrix(([True] * len(matches), ends), (len(ids), len(ids)))
    return pl.DataFrame({"id": ids, "entity": connected_components(edges, directed=False)[1]})


def f1_of_links(joined: pl.DataFrame, folder: Path) -> float:
    """Return F1 over the links, against the true pairs whose rows have arrived."""
    matches = pl.read_csv(folder / "matches.csv", infer_schema=False)
    true = matches.filter(
        pl.col("left_id").is_in(joined["id"].implode())
        & pl.col("right_id").is_in(joined["id_r"].implode())
    )
    links = joined.filter(pl.col("match_status").is_in(["match", "review"]))
    right = links.join(true, left_on=["id", "id_r"], right_on=["left_id", "right_id"], how="semi")
    return 2 * len(right) / (len(links) + len(true))


def dedupe_parts(folder: Path, out: Path, given: argparse.Namespace) -> None:
    files, entities = split(folder, out, given.parts), entities_of(folder)
    state, before = out / "links.state", None
    for run, end in enumerate(range(1 + given.first, len(files) + 1), start=1):
        new = files[end - 1 : end] if run > 1 else files[:end]
        grown, spent = timed(new, state=state, earlier=given.earlier)
        # one run over the first file alone has no column of file names
        full, once = timed(files[:end]) if end > 1 else (grown, spent)
        f1 = f1_of_clusters(grown, entities), f1_of_clusters(full, entities)
        report(run, grown, before, (spent, once), f1, is_same=is_equal(grown, full))
        before = grown
    again, spent = timed([files[-1]], state=state, earlier=given.earlier)
    print(f"again {len(again):,} rows, same result: {again.equals(before)}, {spent:.1f} cpu s")
    print(f"state {state.stat().st_size / 1e6:.1f} MB")


def link_parts(folder: Path, out: Path, given: argparse.Namespace) -> None:
    sides = []
    for side in ("left", "right"):
        table = pl.read_csv(folder / f"{side}.csv", infer_schema=False)
        pieces = list(table.iter_slices(-(-len(table) // given.parts)))
        sides.append([str(out / f"{side}{number}.csv") for number in range(len(pieces))])
        for file, piece in zip(sides[-1], pieces, strict=True):
            piece.write_csv(file)
    state, before = out / "links.state", None
    for run in range(1, given.parts + 1):
        start = time.process_time()
        new = [files[run - 1] for files in sides]
        grown = link(*new, state=state, earlier=given.earlier, join="outer")
        spent = time.process_time() - start
        full = link(*(",".join(files[:run]) for files in sides), join="outer")
        once = time.process_time() - start - spent
        is_same = grown.drop("source", "source_r", "cluster_id").equals(full)
        f1 = f1_of_links(grown, folder), f1_of_links(full, folder)
        report(run, by_row(grown), before, (spent, once), f1, is_same=is_same)
        before = by_row(grown)


def by_row(joined: pl.DataFrame) -> pl.DataFrame:
    """Return the cluster of every row of both tables, in order of arrival."""
    left = joined.filter(pl.col("id").is_not_null()).select("source", "id", "cluster_id")
    right = joined.filter(pl.col("id_r").is_not_null())
    right = right.select(source="source_r", id="id_r", cluster_id="cluster_id")
    return pl.concat([left, right]).unique(["source", "id"], keep="first", maintain_order=True)


def report(
    run: int,
    grown: pl.DataFrame,
    before: pl.DataFrame | None,
    seconds: tuple[float, float],
    f1: tuple[float, float],
    *,
    is_same: bool,
) -> None:
    kept, counts = "", [0, 0, 0, 0]
    if before is not None:
        found = compare(memberships(before), memberships(grown))
        old = before.join(grown, on=["source", "id"], suffix="_now", maintain_order="left")
        old = old["cluster_id"] == old["cluster_id_now"]
        kept = f"{old.sum():,}/{len(old):,}"
        counts = [found.count(c) for c in ("merged", "split", "moved", "renamed")]
    print(
        f"{run:3} {len(grown):7,}  {is_same!s:5}  {kept:>13}  "
        + " ".join(f"{count:6,}" for count in counts)
        + f"  {f1[0]:.4f} {f1[1]:.4f}  {seconds[0]:6.1f} {seconds[1]:6.1f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--link", action="store_true")
    parser.add_argument("--earlier", choices=["revise", "keep"], default="revise")
    given = parser.parse_args()
    add_parts = link_parts if given.link else dedupe_parts
    print(
        "run    rows  equal       ids kept  merged split moved renamed  F1 of one run  cpu s of one"
    )
    with tempfile.TemporaryDirectory() as folder:
        add_parts(given.folder, Path(folder), given)


if __name__ == "__main__":
    main()

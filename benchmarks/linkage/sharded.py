"""Compare `tk link` and `tk dedupe` over shards with the same tables in one piece.

    python benchmarks/linkage/sharded.py --data DIR [--data DIR …] [--only name,…] [--shards 3]

For every data set prints F1 and |stated - true precision| both ways, candidates and processor
seconds. Tables are written as Parquet and cut into `--shards` shards a side; all shards are worked
on in this process, which is what any executor gives (tests/plugins/link/shards).
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from scoring import Pair, Score, inside, read_pairs, score, score_duplicates

from tk_link.config import LinkConfig, OutputConfig
from tk_link.dedupe import pipeline as whole_dedupe
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.naming import row_names
from tk_link.linkage import ACCEPTED
from tk_link.pipeline import run as link_whole
from tk_link.reading import read_table
from tk_link.shards import linking, pipeline
from tk_link.shards.config import ShardConfig
from tk_link.tables import Table

FEWEST_ROWS = 100


class Here:
    """The executor of this process, one shard after the other."""

    def map(
        self, fn: Callable[[Any], Any], shards: Iterable[Any], *, gpus: float = 0
    ) -> Iterator[Any]:
        return map(fn, shards)


@dataclass(frozen=True)
class Way:
    """One way of doing it.

    Attributes:
        pairs: Accepted pairs by id, with their probabilities.
        candidates: Pairs scored.
        how: Cardinality; for duplicates the word ``dedupe``.
        cpu: Processor seconds.
    """

    pairs: dict[Pair, float | None]
    candidates: int
    how: str
    cpu: float


def in_one_piece(tables: list[Table]) -> Way:
    start = time.process_time()
    if len(tables) == 1:
        found = whole_dedupe.run(tables[0], DedupeConfig())
        names = [row_names(tables[0], found.id_column, None)] * 2
        rows, how, count = found.pairs, "dedupe", found.candidates
    else:
        linkage = link_whole(*tables, LinkConfig())
        ids = (linkage.left_id, linkage.right_id)
        names = [row_names(table, own, None) for table, own in zip(tables, ids, strict=True)]
        rows = linkage.pairs.filter(pl.col("match_status").is_in(ACCEPTED))
        how, count = linkage.how, linkage.candidates
    cpu = time.process_time() - start
    named = rows.select(
        names[0].gather(rows["left_row"]).alias("left_id"),
        names[1].gather(rows["right_row"]).alias("right_id"),
        "match_probability",
    )
    return Way(pairs_of(named), count, how, cpu)


def over_shards(tables: list[Table], count: int, folder: Path) -> Way:
    files = []
    for number, table in enumerate(tables):
        files.append(str(folder / f"{number}.parquet"))
        table.text.write_parquet(files[-1])
    rows = max(-(-max(map(len, tables)) // count), FEWEST_ROWS)
    shards = ShardConfig(str(folder / "work"), shard_rows=rows)
    start = time.process_time()
    out, result_folder = str(folder / "pairs"), str(folder / "rows")
    if len(tables) == 1:
        found = pipeline.run(
            files, DedupeConfig(), shards, folder=result_folder, pairs_folder=out, executor=Here()
        )
        how, candidates = "dedupe", found.candidates
    else:
        shape = OutputConfig(output=out, pairs=True)
        linked = linking.run(*files, LinkConfig(), shape, shards, executor=Here())
        how, candidates = linked.how, linked.candidates
    cpu = time.process_time() - start
    return Way(pairs_of(pl.read_parquet(f"{out}/*.parquet")), candidates, how, cpu)


def pairs_of(named: pl.DataFrame) -> dict[Pair, float | None]:
    columns = "left_id", "right_id", "match_probability"
    return {(a, b): p for a, b, p in named.select(columns).iter_rows()}


def scored(folder: Path, way: Way) -> Score:
    gold, accepted = set(read_pairs(folder / "matches.csv")), way.pairs
    if way.how == "dedupe":
        return score_duplicates(accepted, gold)
    if (folder / "labelled.csv").exists():
        known = set(read_pairs(folder / "labelled.csv"))
        accepted, gold = inside(accepted, known), gold & known
    return score(accepted, gold)


def compare(folder: Path, count: int) -> str:
    files = [folder / name for name in ("left.csv", "right.csv") if (folder / name).exists()]
    tables = [read_table(str(file)) for file in files]
    with tempfile.TemporaryDirectory() as scratch:
        whole, parts = in_one_piece(tables), over_shards(tables, count, Path(scratch))
    one, other = scored(folder, whole), scored(folder, parts)
    gaps = (f"{each.calibration_error or 0:.3f}" for each in (one, other))
    return (
        f"{folder.name:18}{whole.how:>7}{parts.how:>7}{one.f1:8.3f}{other.f1:8.3f}"
        f"{other.f1 - one.f1:+8.3f}{next(gaps):>8}{next(gaps):>8}"
        f"{whole.candidates:>9,}{parts.candidates:>9,}{whole.cpu:7.1f}{parts.cpu:7.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--shards", type=int, default=3)
    args = parser.parse_args()
    print(f"{'':18}{'partners':>14}{'F1':>16}{'|p-P|':>24}{'pairs scored':>18}{'CPU s':>14}")
    columns = f"{'data set':18}"
    for width, gap in ((7, ""), (8, f"{'':8}"), (8, ""), (9, ""), (7, "")):
        columns += f"{'whole':>{width}}{'shards':>{width}}{gap}"
    print(columns)
    for folder in sorted(left.parent for data in args.data for left in data.glob("*/left.csv")):
        if not args.only or folder.name in args.only.split(","):
            print(compare(folder, args.shards), flush=True)


if __name__ == "__main__":
    main()

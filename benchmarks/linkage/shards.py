"""What a row costs at each stage of a run over shards, in processor time and on disk.

    python benchmarks/linkage/shards.py left.parquet right.parquet [--link] [--shard-rows N]
        [--executor ray] [--matches matches.csv]

Stacks the files and searches them for duplicates, or with ``--link`` links the two, over shards,
and prints a table a row of which is a stage: processor microseconds and bytes for each row of the
input, the largest memory of the leader, and with ``--matches`` (``left_id,right_id``) precision,
recall and F1 over all joined pairs. Processor time is that of the workers; the leader's own is
printed apart.
"""

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path

import polars as pl

from tk_link.config import LinkConfig, OutputConfig
from tk_link.dedupe.config import DedupeConfig
from tk_link.shards import linking, pipeline
from tk_link.shards.config import ShardConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--link", action="store_true")
    parser.add_argument("--shard-rows", type=int, default=250_000)
    parser.add_argument("--executor", default="local")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--matches")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shards-"))
    try:
        measure(args, folder)
    finally:
        shutil.rmtree(folder)


def measure(args: argparse.Namespace, folder: Path) -> None:
    started, own = time.perf_counter(), time.process_time()
    shards = ShardConfig(str(folder / "work"), args.executor, args.shard_rows, args.workers)
    if args.link:
        shape = OutputConfig(output=str(folder / "pairs"), pairs=True)
        result = linking.run(*args.files, LinkConfig(), shape, shards)
        # the joined table as well, of the same work
        shape = OutputConfig(output=str(folder / "rows"))
        result = linking.run(*args.files, LinkConfig(), shape, shards)
        joined, rows, count = result.linked_left_rows, sum(result.rows), sum(result.shards)
    else:
        result = pipeline.run(
            args.files,
            DedupeConfig(),
            shards,
            folder=str(folder / "rows"),
            pairs_folder=str(folder / "pairs"),
        )
        joined, rows, count = result.joined, result.rows, result.shards
    own = time.process_time() - own
    print(f"{rows:,} rows, {count} shards, {result.candidates:,} pairs scored, ")
    print(f"{joined:,} joined, expected recall {result.recall}")
    print(f"{'stage':<18}{'CPU µs a row':>14}{'bytes a row':>13}")
    for stage, seconds in result.cpu_seconds.items():
        size = result.bytes[stage] / rows
        print(f"{stage:<18}{seconds / rows * 1e6:>14.2f}{size:>13.1f}")
    cpu, size = sum(result.cpu_seconds.values()), sum(result.bytes.values())
    print(f"{'all':<18}{cpu / rows * 1e6:>14.2f}{size / rows:>13.1f}")
    print(f"leader {own:.1f} CPU s, wall {time.perf_counter() - started:.0f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"memory: leader {peak:,.0f} MB")
    if args.matches:
        tell_quality(folder / "pairs", args.matches)


def tell_quality(folder: Path, matches: str) -> None:
    ids = [pl.col(side).str.split(":").list.last() for side in ("left_id", "right_id")]
    found = pl.scan_parquet(folder / "*.parquet").select(ids).collect()
    truth = pl.read_csv(matches, infer_schema_length=0).select("left_id", "right_id")
    found, truth = (
        frame.select(a=pl.min_horizontal(pl.all()), b=pl.max_horizontal(pl.all())).unique()
        for frame in (found, truth)
    )
    true = len(found.join(truth, on=["a", "b"]))
    precision, recall = true / len(found), true / len(truth)
    f1 = 2 * precision * recall / (precision + recall)
    print(f"precision {precision:.4f}  recall {recall:.4f}  F1 {f1:.4f}")


if __name__ == "__main__":
    main()

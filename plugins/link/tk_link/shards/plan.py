"""What a run over shards will take, by costs measured on every stage.

`benchmarks/linkage/shards.py` measured them on made people of seven columns, 200,000 and two
million rows, on one kind of processor: other tables differ with the number and length of columns.
Nothing is read but the files' indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tk.errors import InputError
from tk_link.dedupe.config import DedupeConfig
from tk_link.shards.config import ShardConfig
from tk_link.shards.inputs import Piece, cut
from tk_link.shards.pipeline import check_options
from tk_link.summary import line


@dataclass(frozen=True)
class Costs:
    """What a row of the input costs.

    Attributes:
        stages: Processor microseconds and bytes on disk, by stage.
        pairs: Candidate pairs.
    """

    stages: Mapping[str, tuple[float, float]]
    pairs: float


DEDUPE = Costs(
    {
        "rows": (0.73, 28.6),
        "sample": (0.31, 0.9),
        "spelled": (4.49, 78.3),
        "nearest": (10.34, 0.4),
        "nearest-back": (10.29, 0.4),
        "counts": (3.52, 0.7),
        "keys": (4.02, 113.2),
        "pairs": (18.18, 10.2),
        "asks": (0.79, 5.7),
        "answers": (1.94, 65.1),
        "compared": (20.86, 14.7),
        "scored": (0.90, 14.2),
        "contract": (0.20, 2.5),
        "stars": (1.48, 12.8),
        "sent": (0.55, 9.9),
        "gathered": (0.48, 5.8),
        "more-answers": (0.33, 0.1),
        "clusters": (5.45, 8.6),
        "output": (1.86, 32.3),
    },
    pairs=0.9,
)
"""Of `tk dedupe`, on two tables of a million rows, stacked."""
LINK = Costs(
    {
        "rows": (0.77, 28.5),
        "sample": (0.31, 0.9),
        "spelled": (4.13, 78.3),
        "nearest": (5.53, 0.2),
        "nearest-back": (6.67, 0.2),
        "counts": (3.28, 0.7),
        "keys": (4.39, 113.0),
        "pairs": (27.21, 25.9),
        "asks": (1.86, 11.7),
        "answers": (2.95, 125.7),
        "compared": (42.00, 38.5),
        "scored": (1.82, 42.2),
        "contract": (1.27, 8.0),
        "stars": (10.11, 21.6),
        "sent": (2.01, 44.5),
        "decided": (11.49, 14.0),
        "fetched": (0.56, 11.4),
        "output": (1.77, 35.0),
    },
    pairs=2.3,
)
"""Of `tk link`, on the same two tables, by one worker while others used the machine."""
_BASE_MB, _ROW_MB = 400.0, 4.2e-3
"""Memory of a process, and for each row of its shard: 813 MB were measured for 100,000."""
_ROW_BYTES = 80.0
"""Bytes of a row in a file whose rows are not counted yet (csv and such)."""


@dataclass(frozen=True)
class Plan:
    """What a run over shards will take, about.

    Attributes:
        rows: Rows; estimated from the size of files that must be read to be counted.
        is_counted: Whether they are known exactly.
        shards: Shards.
        largest: Rows in the largest shard.
        workers: Processes at once.
        pairs: Candidate pairs.
        cpu_seconds: Processor seconds by stage.
        megabytes: On disk by stage.
        memory: Megabytes of memory for each process.
    """

    rows: int
    is_counted: bool
    shards: int
    largest: int
    workers: int | None
    pairs: int
    cpu_seconds: dict[str, float]
    megabytes: dict[str, float]
    memory: float

    def lines(self) -> Iterator[str]:
        """Yield it as lines that a person reads."""
        about = "" if self.is_counted else "about "
        yield line(
            "rows", f"{about}{self.rows:,} in {self.shards:,} shards, up to {self.largest:,}"
        )
        yield line("pairs", f"about {self.pairs:,}")
        cpu, disk = sum(self.cpu_seconds.values()), sum(self.megabytes.values())
        yield line("processor", f"about {_time(cpu)}, to be shared by the workers")
        yield line("disk", f"about {disk / 1e3:,.1f} GB in the work folder")
        yield line("memory", f"about {self.memory / 1e3:,.1f} GB for each worker")
        for stage, seconds in self.cpu_seconds.items():
            size = self.megabytes[stage] / 1e3
            yield line("", f"{stage:<14}{_time(seconds):>12}{size:>10,.2f} GB")
        yield line("note", "measured on people of seven columns; longer rows take more")


def make_plan(files: Sequence[str], config: DedupeConfig, shards: ShardConfig) -> Plan:
    """Estimate a run. Raises as `tk_link.shards.pipeline.run` does before it reads rows."""
    check_options(config)
    return plan_of(cut(files, shard_rows=shards.shard_rows), shards)


def plan_of(pieces: Sequence[Piece], shards: ShardConfig, costs: Costs = DEDUPE) -> Plan:
    """Estimate a run over these shards, by what a row costs at each stage."""
    heights = [_height(piece) for piece in pieces]
    counted = all(piece.rows is not None for piece in pieces)
    plan = estimate(sum(heights), len(pieces), max(heights), costs=costs)
    return replace(plan, workers=shards.workers, is_counted=counted)


def estimate(rows: int, shards: int, largest: int, costs: Costs = DEDUPE) -> Plan:
    """Estimate a run over so many rows; arguments as `Plan` and `plan_of` have them."""
    return Plan(
        rows=rows,
        is_counted=True,
        shards=shards,
        largest=largest,
        workers=None,
        pairs=round(rows * costs.pairs),
        cpu_seconds={name: rows * cpu / 1e6 for name, (cpu, _) in costs.stages.items()},
        megabytes={name: rows * size / 1e6 for name, (_, size) in costs.stages.items()},
        memory=_BASE_MB + largest * _ROW_MB,
    )


def _height(piece: Piece) -> int:
    if piece.rows is not None:
        return piece.rows
    size = Path(piece.file).expanduser().stat().st_size
    if not size:
        raise InputError(f"{piece.file} is empty")
    return max(round(size / _ROW_BYTES), 1)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

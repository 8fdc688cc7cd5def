"""How a table is worked on in shards, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

from tk.errors import UsageError


@dataclass(frozen=True)
class ShardConfig:
    """Options of a run over shards.

    Attributes:
        work_dir: Folder for what each stage makes; every worker must see it under this path.
        executor: Where work runs: ``local``, ``ray``, or another that a plugin offers.
        shard_rows: Rows in a shard of a Parquet file; other files are one shard each.
        workers: Processes at once; None takes one a processor.
    """

    work_dir: str
    executor: str = "local"
    shard_rows: int = 250_000
    workers: int | None = None

    def __post_init__(self) -> None:
        if not self.work_dir:
            raise UsageError("work_dir is empty; name a folder")
        if self.shard_rows < 100:
            raise UsageError(f"shard_rows is {self.shard_rows}; it must be 100 or more")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers is {self.workers}; it must be 1 or more")

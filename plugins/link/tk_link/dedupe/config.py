"""What a deduplication is asked to do: every option, checked once, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tk.errors import NotFoundError, UsageError
from tk_link.dedupe.clusters import Method
from tk_link.fields import FIELD_TYPES, FieldType

Keep = Literal["all", "first", "best", "golden"]


@dataclass(frozen=True)
class DedupeConfig:
    """How to find duplicates. The defaults need no thought and serve every kind of data.

    Attributes:
        on: Columns to compare; None takes all that say something.
        types: Field types set by hand, by column.
        weights: Multipliers on a field's evidence, by column.
        cluster: How pairs become clusters (`tk_link.dedupe.clusters.group`).
        max_cluster: Rows in a cluster from which the summary warns.
        min_prob: Probability from which rows belong together, 0..1.
        across_only: Join rows of different files only.
        source: Column that says which file a row is from, where several were stacked.
        keep: Rows kept: all, each cluster's first or best (most complete), or one merged from all.
        k: Nearest rows that each row proposes; None decides from the data.
        threads: Processor threads to use; None uses all.
    """

    on: tuple[str, ...] | None = None
    types: tuple[tuple[str, FieldType], ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    cluster: Method = "average"
    max_cluster: int = 50
    min_prob: float = 0.5
    across_only: bool = False
    source: str | None = None
    keep: Keep = "all"
    k: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        for kind, value, options in (
            ("clustering", self.cluster, get_args(Method)),
            ("keep rule", self.keep, get_args(Keep)),
            *(("type", type_, FIELD_TYPES) for _, type_ in self.types),
        ):
            if value not in options:
                raise NotFoundError(kind, value, options)
        for name, count in (("k", self.k), ("threads", self.threads)):
            if count is not None and count < 1:
                raise UsageError(f"{name} is {count}; it must be 1 or more")
        if self.max_cluster < 2:
            raise UsageError(f"max_cluster is {self.max_cluster}; it must be 2 or more")
        if not 0 < self.min_prob <= 1:
            raise UsageError(f"min_prob is {self.min_prob}; it must lie above 0 and up to 1")
        if self.on == ():
            raise UsageError("on names no column; leave it out to compare all that say something")

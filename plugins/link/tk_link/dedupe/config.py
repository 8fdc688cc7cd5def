"""What a deduplication is asked to do: every option, checked once, frozen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from tk.errors import NotFoundError, UsageError
from tk_link.config import Retrieve, check_retrieval
from tk_link.fields import FIELD_TYPES, FieldType

Method = Literal["average", "cc", "complete", "single-best"]
Keep = Literal["all", "first", "best", "golden"]
Rule = Literal["most-complete", "longest", "mode", "latest", "source"]

EVERY = "*"
"""Stands for all columns in `DedupeConfig.golden`."""


@dataclass(frozen=True)
class DedupeConfig:
    """How to find duplicates. The defaults need no thought and serve every kind of data.

    Attributes:
        on: Columns to compare; None takes all that say something.
        id: Column that names rows; None finds one.
        types: Field types set by hand, by column.
        weights: Multipliers on a field's evidence, by column.
        cluster: How pairs become clusters (`tk_link.dedupe.clusters.group`).
        max_cluster: Rows in a cluster from which the summary warns.
        min_prob: Probability from which rows belong together, 0..1.
        across_only: Rows of one file are different entities; join rows of different files only.
        source: Column that says which file a row is from. Where several are stacked it is made.
        keep: Rows kept: all, each cluster's first or best (most complete), or one merged from all.
        golden: How the merged row gets its cells, by column or for `EVERY` one: a `Rule`, or
            ``latest:COLUMN``.
        k: Nearest rows that each row proposes; None decides from the data.
        draws: Number of plausible clusterings to draw; None decides on one.
        seed: Seed of the draws.
        retrieve: As in `tk_link.config.LinkConfig`, and so are `model`, `device` and `offline`.
        model: What makes vectors of texts; None takes the packaged one.
        device: What it computes on; None takes the fastest there is.
        offline: Use models and tables of this machine only.
        threads: Processor threads to use; None uses all.
    """

    on: tuple[str, ...] | None = None
    id: str | None = None
    types: tuple[tuple[str, FieldType], ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    cluster: Method = "average"
    max_cluster: int = 50
    min_prob: float = 0.5
    across_only: bool = False
    source: str | None = None
    keep: Keep = "all"
    golden: tuple[tuple[str, str], ...] = ()
    k: int | None = None
    draws: int | None = None
    seed: int = 0
    retrieve: Retrieve = "auto"
    model: str | None = None
    device: str | None = None
    offline: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        for kind, value, options in (
            ("clustering", self.cluster, get_args(Method)),
            ("keep rule", self.keep, get_args(Keep)),
            *(("type", type_, FIELD_TYPES) for _, type_ in self.types),
        ):
            if value not in options:
                raise NotFoundError(kind, value, options)
        for option, columns in (("type", self.types), ("weight", self.weights)):
            _check_once(option, [column for column, _ in columns])
        if self.on == ():
            raise UsageError("on names no column; leave it out to compare all that say something")
        check_retrieval(self.retrieve, self.model, self.device)
        self._check_numbers()
        self._check_golden()

    def _check_numbers(self) -> None:
        for column, weight in self.weights:
            if not (math.isfinite(weight) and weight > 0):
                raise UsageError(f"weight of {column!r} is {weight}; it must be above 0")
        for name, count in (("k", self.k), ("draws", self.draws), ("threads", self.threads)):
            if count is not None and count < 1:
                raise UsageError(f"{name} is {count}; it must be 1 or more")
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed}; it must be 0 or more")
        if self.max_cluster < 2:
            raise UsageError(f"max_cluster is {self.max_cluster}; it must be 2 or more")
        if not 0 < self.min_prob <= 1:
            raise UsageError(f"min_prob is {self.min_prob}; it must lie above 0 and up to 1")

    def _check_golden(self) -> None:
        _check_once("golden", [column for column, _ in self.golden])
        for _, text in self.golden:
            split_rule(text)
        if self.draws is not None and self.keep != "all":
            raise UsageError("draws are clusterings of every row; leave out --keep")
        if self.golden and self.keep != "golden":
            raise UsageError("golden says how rows are merged; add --keep golden to merge them")


def split_rule(text: str) -> tuple[Rule, str | None]:
    """Split ``latest:modified`` into the rule and its column; other rules have none.

    Raises:
        UsageError: There is no such rule, or its column is missing or too many.
    """
    name, colon, column = text.partition(":")
    rule = next((rule for rule in get_args(Rule) if rule == name), None)
    if rule is None:
        raise NotFoundError("golden rule", name, get_args(Rule))
    if rule == "latest" and not column:
        raise UsageError("latest needs the column that dates the rows: latest:modified")
    if rule != "latest" and colon:
        raise UsageError(f"golden rule {name!r} takes no column (got {text!r})")
    return rule, column or None


def _check_once(option: str, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{option} names {twice!r} twice")

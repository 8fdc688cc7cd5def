"""What a linkage run is asked to do: every option, checked once, frozen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from tk.errors import NotFoundError, UsageError
from tk_link.fields import FIELD_TYPES, FieldType

How = Literal["auto", "1:1", "m:1", "1:m", "m:m"]
Ties = Literal["drop", "first", "all"]
Explain = Literal["none", "text", "columns", "json"]
Retrieve = Literal["auto", "lexical", "dense", "hybrid"]
Join = Literal["left", "inner", "right", "outer", "anti"]
IfExists = Literal["fail", "replace", "append"]
Earlier = Literal["revise", "keep"]


@dataclass(frozen=True)
class LinkConfig:
    """How to link. The defaults need no thought and serve every kind of data.

    Attributes:
        on: Column pairs (left, right) to compare, each side as `tk_link.computed.parse` reads it;
            None aligns the tables by itself.
        left_id: Column that names left rows; None finds one.
        right_id: Likewise for the right table.
        types: Field types set by hand, by the left column's name.
        weights: Multipliers on a field's evidence, by the left column's name.
        require: Left columns whose values must agree in an accepted pair.
        forbid_conflict: Left columns whose values must not disagree; a missing value does not.
        block: Compare only rows that agree on all columns of one of these groups.
        k: Candidates looked at for each row; None decides from the data.
        retrieve: Whether candidates are found by letters (``lexical``), by meaning (``dense``) or
            by both (``hybrid``); ``auto`` decides from the texts and the hardware.
        model: What makes vectors of texts, as `tk_link.dense.open_encoder` takes it; None takes the
            packaged one.
        device: What it computes on: ``cpu``, ``cuda``, …; None takes the fastest there is.
        offline: Use models and tables of this machine only.
        how: How many partners a row may have on either side.
        ties: What becomes of a row whose best candidates cannot be told apart.
        top: Accepted partners kept for each left row, at most; None keeps all that `how` allows.
        min_prob: Probability from which a pair is accepted, 0..1.
        precision: Wanted share of true pairs among the accepted, 0..1; decides the cut instead.
        review_band: Probabilities (low, high) between which a pair gets the status ``review``.
        all_pairs: Keep every scored pair, not only the accepted ones.
        explain: Say why pairs match, and in which form.
        draws: Number of plausible link sets to draw; None decides on one.
        seed: Seed of everything random.
        threads: Processor threads to use; None uses all.
    """

    on: tuple[tuple[str, str], ...] | None = None
    left_id: str | None = None
    right_id: str | None = None
    types: tuple[tuple[str, FieldType], ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    require: tuple[str, ...] = ()
    forbid_conflict: tuple[str, ...] = ()
    block: tuple[tuple[str, ...], ...] = ()
    k: int | None = None
    retrieve: Retrieve = "auto"
    model: str | None = None
    device: str | None = None
    offline: bool = False
    how: How = "auto"
    ties: Ties = "drop"
    top: int | None = None
    min_prob: float = 0.5
    precision: float | None = None
    review_band: tuple[float, float] | None = None
    all_pairs: bool = False
    explain: Explain = "none"
    draws: int | None = None
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        _check_choice("cardinality", self.how, get_args(How))
        _check_choice("ties rule", self.ties, get_args(Ties))
        _check_choice("explain format", self.explain, get_args(Explain))
        check_retrieval(self.retrieve, self.model, self.device)
        for _, type_ in self.types:
            _check_choice("type", type_, FIELD_TYPES, where=", ".join(FIELD_TYPES))
        _check_once("on", (f"{left}={right}" for left, right in self.on or ()))
        _check_once("type", (column for column, _ in self.types))
        _check_once("weight", (column for column, _ in self.weights))
        if self.on == ():
            raise UsageError("on names no column; leave it out to align the tables by themselves")
        if not all(self.block):
            raise UsageError("block names no column; give one, or several with commas: zip,year")
        self._check_numbers()

    def _check_numbers(self) -> None:
        for column, weight in self.weights:
            if not (math.isfinite(weight) and weight > 0):
                raise UsageError(f"weight of {column!r} is {weight}; it must be above 0")
        for name, count in (
            ("k", self.k),
            ("top", self.top),
            ("draws", self.draws),
            ("threads", self.threads),
        ):
            if count is not None and count < 1:
                raise UsageError(f"{name} is {count}; it must be 1 or more")
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed}; it must be 0 or more")
        if not 0 <= self.min_prob <= 1:
            raise UsageError(f"min_prob is {self.min_prob}; it must lie between 0 and 1")
        if self.precision is not None and not 0 < self.precision < 1:
            raise UsageError(f"precision is {self.precision}; it must lie between 0 and 1")
        if self.review_band is not None:
            low, high = self.review_band
            if not 0 <= low < high <= 1:
                raise UsageError(
                    f"review_band is {low},{high}; give two rising probabilities, such as 0.3,0.8"
                )


@dataclass(frozen=True)
class OutputConfig:
    """What the result looks like and where it goes.

    Attributes:
        output: File to write; None writes to standard output.
        join: Which rows the joined table holds.
        pairs: Write the matched pairs alone instead of a joined table.
        suffix: What a right column gets where its name clashes with a left one.
        if_exists: What becomes of an output that is there; None replaces a file and leaves a
            database's table alone.
        report: File for a page about the run; None writes none.
    """

    output: str | None = None
    join: Join = "left"
    pairs: bool = False
    suffix: str = "_r"
    if_exists: IfExists | None = None
    report: str | None = None

    def __post_init__(self) -> None:
        _check_choice("join", self.join, get_args(Join))
        check_if_exists(self.if_exists)
        if not self.suffix:
            raise UsageError("suffix is empty; it must tell right columns from left ones")


def check_if_exists(value: str | None) -> None:
    """Raise `NotFoundError` where `value` is none of `IfExists`."""
    if value is not None:
        _check_choice("if-exists rule", value, get_args(IfExists))


def check_earlier(value: str, state: str | None) -> None:
    """Check what becomes of earlier decisions.

    Raises:
        NotFoundError: It is none of `Earlier`.
        UsageError: There are none, for want of a state.
    """
    _check_choice("earlier rule", value, get_args(Earlier))
    if value == "keep" and state is None:
        raise UsageError(
            "earlier is 'keep', and without a state nothing was decided before; add --state FILE"
        )


def check_retrieval(retrieve: str, model: str | None, device: str | None) -> None:
    """Check the options that say how candidates are found.

    Raises:
        UsageError: One is unknown or empty, or a model is given that would not be used.
    """
    _check_choice("retrieval", retrieve, get_args(Retrieve), where=", ".join(get_args(Retrieve)))
    for name, value in (("model", model), ("device", device)):
        if value is not None and not value.strip():
            raise UsageError(f"{name} is empty; leave it out or name one")
    if model is not None and retrieve == "lexical":
        raise UsageError(
            f"model is {model!r}, but retrieve is 'lexical', which uses none; leave one of them out"
        )


def _check_choice(kind: str, value: str, options: tuple[str, ...], *, where: str = "") -> None:
    if value not in options:
        raise NotFoundError(kind, value, options, where=where)


def _check_once(option: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UsageError(f"{option} names {name!r} twice")
        seen.add(name)

"""Why a pair scored as it did: what every feature added, in bits, and who came second."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.candidates import Pairs
from tk_link.comparing.features import OTHER_MODEL, Features
from tk_link.config import Explain
from tk_link.guard import Guard
from tk_link.judging.links import Bound
from tk_link.linker import Explanation
from tk_link.scoring.levels import MISSING
from tk_link.scoring.score import Scores
from tk_link.tables import Table

_LEAST_BITS = 0.05


@dataclass(frozen=True)
class _Note:
    """What is to be said of a pair beside its evidence.

    Attributes:
        differs: What tells the rows apart as two models of one thing.
        judged: ``the same`` or ``different``, where somebody judged it.
        is_kept: Whether an earlier run linked them, and that stays.
    """

    differs: str | None
    judged: str | None
    is_kept: bool


def explain(
    features: Features,
    scores: Scores,
    guard: Guard,
    positions: NDArray[np.int64],
    form: Explain,
    *,
    bound: Bound,
) -> list[pl.Series]:
    """Return the columns that explain the pairs at these positions.

    ``text``: one ``match_why`` in words, strongest evidence first. ``json``: the same for programs.
    ``columns``: one ``why_…`` column of bits a feature. The contributions and the prior add up to
    ``match_score``. The first two also say what a pair was judged, and that it was linked before.
    """
    if form == "none":
        return []
    names, bits, missing = _evidence(features, scores, guard, positions)
    if form == "columns":
        return [
            pl.Series(f"why_{name}", np.where(missing[:, n], np.nan, bits[:, n])).fill_nan(None)
            for n, name in enumerate(names)
        ]
    prior = scores.model.additive.prior / np.log(2)
    notes = guard.note.gather(positions).to_list()
    write = _as_text if form == "text" else _as_json
    same, different = bound.is_same[positions], bound.is_different[positions]
    judged = np.where(same, "the same", np.where(different, "different", "")).tolist()
    kept = bound.is_kept[positions].tolist()
    told = [
        _Note(*each) for each in zip(notes, [said or None for said in judged], kept, strict=True)
    ]
    lines = [
        write(names, row.tolist(), gone.tolist(), float(prior), note)
        for row, gone, note in zip(bits, missing, told, strict=True)  # a pair shown
    ]
    return [pl.Series("match_why", lines, dtype=pl.String)]


def _evidence(
    features: Features, scores: Scores, guard: Guard, positions: NDArray[np.int64]
) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.bool_]]:
    """Return names, bits, and whether nothing was known, by pair and feature.

    The guard comes last, where it found anything.
    """
    levels = scores.levels[positions]
    bits = scores.model.additive.contributions(levels)
    if not guard.bits.any():
        return features.names, bits, levels == MISSING
    silent = guard.note.is_null().to_numpy()[positions]
    return (
        (*features.names, OTHER_MODEL),
        np.column_stack([bits, guard.bits[positions]]),
        np.column_stack([levels == MISSING, silent]),
    )


def explain_pair(
    pairs: Pairs,
    features: Features,
    scores: Scores,
    guard: Guard,
    *,
    left: tuple[Table, int],
    right: tuple[Table, int],
) -> Explanation:
    """Explain the pair of a left and a right row.

    Raises:
        InputError: There is no such row, or the pair was never compared.
    """
    for table, row in (left, right):
        if not 0 <= row < len(table):
            raise InputError(f"{table.name} has no row {row}; it has rows 0 to {len(table) - 1}")
    mine = np.flatnonzero(pairs.left == left[1])
    at = mine[pairs.right[mine] == right[1]]
    if not len(at):
        raise InputError(
            f"left row {left[1]} and right row {right[1]} were never compared: they share too "
            "little text to be among each other's nearest rows"
        )
    others = mine[mine != at[0]]
    runner_up = None
    if len(others):
        best = others[np.argmax(scores.probability[others])]
        runner_up = int(pairs.right[best]), float(scores.probability[best])
    names, bits, missing = _evidence(features, scores, guard, at)
    return Explanation(
        left_row=left[1],
        right_row=right[1],
        probability=float(scores.probability[at[0]]),
        score=float(scores.log_odds[at[0]] / np.log(2)),
        prior=float(scores.model.additive.prior / np.log(2)),
        evidence={
            name: None if gone else float(value)
            for name, value, gone in zip(names, bits[0], missing[0], strict=True)
        },
        differs=guard.note[int(at[0])],
        runner_up=runner_up,
    )


def _as_text(
    names: tuple[str, ...],
    bits: list[float],
    missing: list[bool],
    prior: float,
    note: _Note,
) -> str:
    known = sorted(
        (
            item
            for item, gone in zip(zip(names, bits, strict=True), missing, strict=True)
            if not gone
        ),
        key=lambda item: -abs(item[1]),
    )
    parts = [
        f"{name} ({note.differs}) {value:+.1f}" if name == OTHER_MODEL else f"{name} {value:+.1f}"
        for name, value in known
        if abs(value) >= _LEAST_BITS
    ]
    absent = [n for n, gone in zip(names, missing, strict=True) if gone and n != OTHER_MODEL]
    said = [] if note.judged is None else [f"judged {note.judged}"]
    said += ["linked by an earlier run"] if note.is_kept else []
    line = "; ".join([*said, *parts, f"prior {prior:+.1f}"])
    return f"{line}; missing: {', '.join(absent)}" if absent else line


def _as_json(
    names: tuple[str, ...],
    bits: list[float],
    missing: list[bool],
    prior: float,
    note: _Note,
) -> str:
    evidence = {
        name: None if gone else round(value, 3)
        for name, value, gone in zip(names, bits, missing, strict=True)
    }
    said = {"prior_bits": round(prior, 3), "bits": evidence, "differs": note.differs}
    if note.judged is not None:
        said["judged"] = note.judged
    if note.is_kept:
        said["earlier"] = "linked"
    return json.dumps(said, ensure_ascii=False)

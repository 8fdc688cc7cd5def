"""Why a pair scored as it did: what every feature added, in bits, and who came second."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.candidates import Pairs
from tk_link.comparing.features import Features
from tk_link.config import Explain
from tk_link.linker import Explanation
from tk_link.scoring.levels import MISSING
from tk_link.scoring.score import Scores
from tk_link.tables import Table

_LEAST_BITS = 0.05


def explain(
    features: Features, scores: Scores, positions: NDArray[np.int64], form: Explain
) -> list[pl.Series]:
    """Return the columns that explain the pairs at these positions.

    ``text``: one ``match_why`` in words, strongest evidence first. ``json``: the same for programs.
    ``columns``: one ``why_…`` column of bits a feature. The contributions and the prior add up to
    ``match_score``.
    """
    if form == "none":
        return []
    levels = scores.levels[positions]
    bits = scores.model.additive.contributions(levels)
    missing = levels == MISSING
    if form == "columns":
        return [
            pl.Series(f"why_{name}", np.where(missing[:, n], np.nan, bits[:, n])).fill_nan(None)
            for n, name in enumerate(features.names)
        ]
    prior = scores.model.additive.prior / np.log(2)
    write = _as_text if form == "text" else _as_json
    lines = [
        write(features.names, row.tolist(), gone.tolist(), float(prior))
        for row, gone in zip(bits, missing, strict=True)  # the pairs shown, one line each
    ]
    return [pl.Series("match_why", lines, dtype=pl.String)]


def explain_pair(
    pairs: Pairs,
    features: Features,
    scores: Scores,
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
    levels = scores.levels[at]
    bits = scores.model.additive.contributions(levels)[0]
    return Explanation(
        left_row=left[1],
        right_row=right[1],
        probability=float(scores.probability[at[0]]),
        score=float(scores.log_odds[at[0]] / np.log(2)),
        prior=float(scores.model.additive.prior / np.log(2)),
        evidence={
            name: None if level == MISSING else float(value)
            for name, value, level in zip(features.names, bits, levels[0], strict=True)
        },
        runner_up=runner_up,
    )


def _as_text(names: tuple[str, ...], bits: list[float], missing: list[bool], prior: float) -> str:
    known = sorted(
        (
            item
            for item, gone in zip(zip(names, bits, strict=True), missing, strict=True)
            if not gone
        ),
        key=lambda item: -abs(item[1]),
    )
    parts = [f"{name} {value:+.1f}" for name, value in known if abs(value) >= _LEAST_BITS]
    absent = [name for name, gone in zip(names, missing, strict=True) if gone]
    line = "; ".join([*parts, f"prior {prior:+.1f}"])
    return f"{line}; missing: {', '.join(absent)}" if absent else line


def _as_json(names: tuple[str, ...], bits: list[float], missing: list[bool], prior: float) -> str:
    evidence = {
        name: None if gone else round(value, 3)
        for name, value, gone in zip(names, bits, missing, strict=True)
    }
    return json.dumps({"prior_bits": round(prior, 3), "bits": evidence}, ensure_ascii=False)

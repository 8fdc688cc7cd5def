"""Why a pair scored as it did: what every feature added, in bits, and who came second."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.comparing.features import Features
from tk_link.config import Explain
from tk_link.scoring.levels import MISSING
from tk_link.scoring.score import Scores

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

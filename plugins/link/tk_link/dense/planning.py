"""Look at two tables' texts and at this machine, and decide how candidates are found."""

from __future__ import annotations

import os
from typing import Literal

import polars as pl

from tk_link.dense.choice import (
    LEAST_READ,
    LETTERS_SUFFICE,
    Choice,
    Hardware,
    choose_retrieval,
    encoding_seconds,
    share_in,
    word_overlap,
)
from tk_link.dense.installed import is_packaged_model_installed, vocabulary
from tk_link.dense.opening import PACKAGED, is_address


def plan_retrieval(
    left: pl.Series,
    right: pl.Series,
    *,
    asked: Literal["auto", "lexical", "dense", "hybrid"] = "auto",
    model: str | None = None,
    device: str | None = None,
) -> Choice:
    """Decide how candidates are found; reads no model.

    Args:
        left: One text per left row.
        right: One text per right row; the same series where rows of one table are compared.
        asked: ``--retrieve``; anything but ``auto`` is obeyed.
        model: ``--model``; who names one wants it used, so ``auto`` means ``hybrid`` then.
        device: ``--device``; tells whether a GPU may be used.
    """
    if asked == "lexical":
        return Choice(asked, "--retrieve lexical")
    mean = pl.concat([left, right]).str.len_chars().mean()
    chars = mean if isinstance(mean, float) else 0.0
    rows = len(left), len(right)
    if asked != "auto" or model is not None:
        reason = f"--retrieve {asked}" if asked != "auto" else f"--model {model} was given"
        is_elsewhere = model is not None and is_address(model)
        hardware = _hardware("cpu" if is_elsewhere else device)
        seconds = encoding_seconds(sum(rows), chars, hardware)
        return Choice("hybrid" if asked == "auto" else asked, reason, seconds)
    if left is right:
        return Choice("lexical", "the rows of one table share their wording")
    overlap = word_overlap(left, right, enough=LETTERS_SUFFICE)
    has_encoder = is_packaged_model_installed()
    is_open = has_encoder and overlap is not None and overlap < LETTERS_SUFFICE
    reads = _read_by_packaged(left, right) if is_open else 1.0
    is_worth_a_look = is_open and reads >= LEAST_READ  # else spare the seconds that torch takes
    return choose_retrieval(
        rows,
        chars,
        overlap,
        encoder=PACKAGED if has_encoder else None,
        hardware=_hardware(device if is_worth_a_look else "cpu"),
        reads=reads,
    )


def _hardware(device: str | None) -> Hardware:
    return Hardware(os.cpu_count() or 1, gpu=device != "cpu" and _has_gpu())


def _has_gpu() -> bool:
    import torch  # noqa: PLC0415 - a second

    return torch.cuda.is_available()


def _read_by_packaged(left: pl.Series, right: pl.Series) -> float:
    known = vocabulary()
    return min(share_in(known, left), share_in(known, right))

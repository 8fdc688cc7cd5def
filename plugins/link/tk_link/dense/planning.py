"""Look at two tables' texts and at this machine, and decide how candidates are found."""

from __future__ import annotations

import os
from typing import Literal

import polars as pl

from tk_link.dense.choice import (
    LETTERS_SUFFICE,
    Choice,
    Hardware,
    choose_retrieval,
    share_in,
    word_overlap,
)
from tk_link.dense.opening import PACKAGED, is_packaged_model_installed


def plan_retrieval(
    left: pl.Series,
    right: pl.Series,
    *,
    asked: Literal["auto", "lexical", "dense", "hybrid"] = "auto",
    model: str | None = None,
) -> Choice:
    """Decide how candidates are found; reads no model.

    Args:
        left: One text per left row.
        right: One text per right row.
        asked: ``--retrieve``; anything but ``auto`` is obeyed.
        model: ``--model``; who names one wants it used, so ``auto`` means ``hybrid`` then.
    """
    if asked != "auto":
        return Choice(asked, f"--retrieve {asked}")
    if model is not None:
        return Choice("hybrid", f"--model {model} was given")
    overlap = word_overlap(left, right)
    lengths = pl.concat([left, right]).str.len_chars().mean()
    has_encoder = is_packaged_model_installed()
    is_open = has_encoder and overlap < LETTERS_SUFFICE  # else spare the libraries that tell more
    return choose_retrieval(
        (len(left), len(right)),
        lengths if isinstance(lengths, float) else 0.0,
        overlap,
        encoder=PACKAGED if has_encoder else None,
        hardware=Hardware(os.cpu_count() or 1, gpu=is_open and _has_gpu()),
        reads=_read_by_packaged(left, right) if is_open else 1.0,
    )


def _has_gpu() -> bool:
    import torch  # noqa: PLC0415 - a second

    return torch.cuda.is_available()


def _read_by_packaged(left: pl.Series, right: pl.Series) -> float:
    from tk_link.dense.packaged import vocabulary  # noqa: PLC0415 - imports torch

    known = vocabulary()
    return min(share_in(known, left), share_in(known, right))

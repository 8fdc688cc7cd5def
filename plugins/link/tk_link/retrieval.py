"""How candidates are found: by letters, by meaning or by both. Decided first, then carried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tk.protocols import Encoder
from tk_link.config import Retrieve
from tk_link.dense import (
    PACKAGED,
    Choice,
    Meaning,
    dense_neighbours,
    measure,
    open_backend,
    open_encoder,
    plan_retrieval,
)
from tk_link.progress import Progress
from tk_link.tables import Table
from tk_link.views import Views, spoken

_BLOCK = 4_096
"""Texts encoded between two steps of the progress bar: some seconds of work."""


class Wishes(Protocol):
    """What a configuration says of retrieval."""

    @property
    def retrieve(self) -> Retrieve:
        """What to compare."""

    @property
    def model(self) -> str | None:
        """The encoder."""

    @property
    def device(self) -> str | None:
        """Where it computes."""

    @property
    def offline(self) -> bool:
        """Whether the network is forbidden."""


def choose(views: Views, wishes: Wishes, *, is_within: bool = False) -> Choice:
    """Decide how candidates are found; reads no model and asks no network.

    Args:
        views: The tables' texts.
        wishes: What was asked for.
        is_within: Rows of one table are compared, which share their wording.
    """
    left, right = views.record
    return plan_retrieval(
        left,
        left if is_within else right,
        asked=wishes.retrieve,
        model=wishes.model,
        device=wishes.device,
    )


def find_meaning(
    left: Table,
    right: Table,
    views: Views,
    wishes: Wishes,
    *,
    k: int,
    progress: Progress | None = None,
) -> Meaning:
    """Encode both tables and find each row's `k` nearest rows by meaning.

    Args:
        left: Left table.
        right: Right table; the same object where rows of one table are compared.
        views: Their views.
        wishes: Which model, and where it computes.
        k: Nearest rows of each row.
        progress: Who watches.

    Raises:
        TkError: Whatever opening the model or encoding meets; `tk_link.dense.open_encoder` has
            the list.
    """
    encoder = open_encoder(wishes.model or PACKAGED, device=wishes.device, offline=wishes.offline)
    texts = spoken(left, views.columns[0])
    others = texts if left is right else spoken(right, views.columns[1])
    found = dense_neighbours(
        texts,
        others,
        encoder=_Watched(encoder, progress) if progress is not None else encoder,
        backend=open_backend(device=wishes.device),
        k=k,
    )
    return measure(found)


class _Watched:
    """An encoder that tells how far it has come."""

    def __init__(self, encoder: Encoder[str], progress: Progress) -> None:
        self.dim = encoder.dim
        self._encoder, self._progress = encoder, progress

    def encode(self, items: Sequence[str], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Return one vector per text, ``(len(items), dim)``."""
        self._progress.stage("meaning", total=len(items))
        out = np.empty((len(items), self.dim), dtype=np.float32)
        for start in range(0, len(items), _BLOCK):
            block = items[start : start + _BLOCK]
            out[start : start + _BLOCK] = self._encoder.encode(block, batch_size=batch_size)
            self._progress.advance(len(block))
        return out

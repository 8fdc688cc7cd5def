"""How a run over shards starts: its folder, who works, and its rows in shards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import accumulate
from pathlib import Path

import polars as pl

from tk import discover
from tk.entries import Kind
from tk.errors import OutputError
from tk.protocols import Executor
from tk_link.atomic import explained
from tk_link.progress import Progress
from tk_link.shards import inputs
from tk_link.shards.config import ShardConfig
from tk_link.shards.inputs import Layout, Piece
from tk_link.shards.store import Workshop

_FORMAT = 3
"""Raised when a stage's files change, so that those of an older version are not taken for ours."""


def open_executor(name: str, workers: int | None) -> Executor:
    """Return the executor of a name, as plugins offer it.

    Raises:
        NotFoundError: There is none of that name.
        MissingExtraError: It needs a library that is not installed.
    """
    made: Executor = discover().find(Kind.EXECUTOR, name).load()(workers=workers)
    return made


def open_workshop(
    shards: ShardConfig,
    options: Mapping[str, object],
    pieces: Sequence[Piece],
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Workshop:
    """Make or find the folder of a run.

    Args:
        shards: How to go about it.
        options: All options that results depend on.
        pieces: The inputs.
        executor: Does the work; None opens the one that `shards` names.
        progress: Told of every stage.

    Raises:
        OutputError: The folder cannot be made.
    """
    work = _work_folder(shards, _stamp(options, pieces))
    return Workshop(work, executor or open_executor(shards.executor, shards.workers), progress)


def lay_out(
    shop: Workshop, pieces: Sequence[Piece], source: str | None, *, lefts: int = 0
) -> Layout:
    """Read the inputs into shards.

    Args:
        shop: Does the work.
        pieces: The shards.
        source: Column of file names that is made, if one is.
        lefts: Shards of the left side, where there are two.
    """
    stage, notes = shop.run("rows", partial(inputs.read_rows, pieces, source), len(pieces))
    heights = [note.rows["rows"] for note in notes]
    return Layout(
        stage,
        offsets=tuple(accumulate(heights, initial=0)),
        starts=tuple(piece.start for piece in pieces),
        lefts=lefts,
    )


def _stamp(options: Mapping[str, object], pieces: Sequence[Piece]) -> str:
    """Return a hash of everything that results depend on."""
    said = [_FORMAT, pl.__version__, options, [asdict(piece) for piece in pieces]]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:12]


def _work_folder(shards: ShardConfig, stamp: str) -> Path:
    folder = Path(shards.work_dir).expanduser().resolve()
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{shards.work_dir} is a file; name a folder to work in")
    with explained(shards.work_dir):
        (folder / stamp).mkdir(parents=True, exist_ok=True)
    return folder / stamp

"""Which shards the inputs have, and their rows as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.dedupe.stack import labels
from tk_link.reading import read_table
from tk_link.reading.source import parse_source
from tk_link.shards.store import Frames, Stage, Values, readable
from tk_link.textview import text_view

ROW = "\0row"
"""Column of row numbers beside a user's columns; no table has one of this name."""
_FOLDER = ("*.parquet", "*.pq")


@dataclass(frozen=True)
class Piece:
    """Rows of one input file.

    Attributes:
        file: The file.
        label: What it is called among the others.
        start: First row, from 0.
        rows: How many; None is all of them, for files that must be read to be counted.
        stamp: Size and time of the file, which tell whether it changed.
    """

    file: str
    label: str
    start: int
    rows: int | None
    stamp: tuple[int, int]


def list_files(files: Sequence[str]) -> list[str]:
    """Return the files, those of folders included.

    Raises:
        InputError: A folder has no Parquet file in it.
    """
    out: list[str] = []
    for file in files:
        path = Path(file).expanduser()
        if not path.is_dir():
            out.append(file)
            continue
        inside = sorted(str(found) for pattern in _FOLDER for found in path.glob(pattern))
        if not inside:
            raise InputError(f"{file} is a folder without .parquet files; name files")
        out += inside
    return out


def cut(files: Sequence[str], *, shard_rows: int) -> list[Piece]:
    """Cut files into shards: Parquet by rows, others one shard each.

    Raises:
        InputError: A file is missing, or its Parquet index cannot be read.
    """
    files = list_files(files)
    pieces = []
    for file, label in zip(files, labels(files), strict=True):
        source = parse_source(file)
        if source.path is None:
            raise InputError(f"{file} has no shards of its own: only files on disk do")
        found = source.path.stat()
        stamp = (found.st_size, found.st_mtime_ns)
        if source.format != "parquet" or source.compression:
            pieces.append(Piece(file, label, 0, None, stamp))
            continue
        with readable(source.path):
            height = pl.scan_parquet(source.path).select(pl.len()).collect().item()
        for start in range(0, height, shard_rows):
            pieces.append(Piece(file, label, start, min(shard_rows, height - start), stamp))
    if not pieces:
        raise InputError("the inputs have no rows")
    return pieces


def read_rows(pieces: Sequence[Piece], source: str | None, shard: int) -> tuple[Frames, Values]:
    """Read a shard's rows as they are, with the column ``source`` where there are several files.

    Raises:
        InputError: The file cannot be read.
    """
    piece = pieces[shard]
    if piece.rows is None:
        frame = read_table(piece.file, name=piece.label).frame
    else:
        path = Path(piece.file).expanduser()
        with readable(path):
            frame = pl.scan_parquet(path).slice(piece.start, piece.rows).collect()
    if source is not None:
        frame = frame.select(pl.lit(piece.label).alias(source), pl.all())
    return {"rows": frame}, {"rows": len(frame)}


@dataclass(frozen=True)
class Layout:
    """Where rows are.

    Attributes:
        stage: Their frames.
        offsets: Number of each shard's first row, and the number of all rows.
        starts: Number of each shard's first row in its file.
        lefts: Shards of the left side, which come first; 0 where there are no sides.
    """

    stage: Stage
    offsets: tuple[int, ...]
    starts: tuple[int, ...]
    lefts: int = 0

    @property
    def count(self) -> int:
        """Number of shards."""
        return self.stage.count

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.offsets[-1]

    def is_right(self, shard: int) -> bool:
        """Tell whether a shard is of the right side; none is where there are no sides."""
        return 0 < self.lefts <= shard

    @property
    def left_height(self) -> int:
        """Number of left rows, which is that of the first right one."""
        return self.offsets[self.lefts]

    def side_height(self, shard: int) -> int:
        """Return the number of rows on the side of a shard."""
        if not self.lefts:
            return self.height
        return self.height - self.left_height if self.is_right(shard) else self.left_height

    def numbers(self, shard: int) -> pl.Series:
        """Return the numbers of a shard's rows."""
        rows = self.offsets[shard], self.offsets[shard + 1]
        return pl.int_range(*rows, dtype=pl.Int64, eager=True).alias("row")

    def shard_of(self, rows: pl.Series) -> pl.Series:
        """Return the shard that holds each row."""
        found: NDArray[np.int64] = np.searchsorted(self.offsets, rows.to_numpy(), side="right") - 1
        return pl.Series("to", found, dtype=pl.Int32)


def sample(layout: Layout, size: int, shard: int) -> tuple[Frames, Values]:
    """Draw a shard's share of a sample of its side's rows, as text; `ROW` is their number."""
    frame = text_view(layout.stage.read(shard, "rows"))
    frame = frame.select(layout.numbers(shard).alias(ROW), pl.all())
    share = min(-(-size * len(frame) // layout.side_height(shard)), len(frame))
    return {"sample": frame.sample(share, seed=shard)}, {}


def common_schema(stage: Stage, shards: Iterable[int]) -> dict[str, pl.DataType]:
    """Return the columns of some shards; one that is of several types is text, or a number."""
    found: dict[str, set[pl.DataType]] = {}
    for shard in shards:  # the files' indexes alone, a millisecond each
        for name, dtype in pl.read_parquet_schema(stage.path(shard, "rows")).items():
            found.setdefault(name, set()).add(dtype)
    return {name: _common(dtypes - {pl.Null()}) for name, dtypes in found.items()}


def _common(dtypes: set[pl.DataType]) -> pl.DataType:
    if len(dtypes) == 1:
        return next(iter(dtypes))
    if dtypes and all(dtype.is_integer() for dtype in dtypes):
        return pl.Int64()
    if dtypes and all(dtype.is_numeric() for dtype in dtypes):
        return pl.Float64()
    return pl.String()

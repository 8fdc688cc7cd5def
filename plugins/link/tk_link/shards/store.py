"""What stages leave behind: a Parquet file or more for each shard, and a note that it is whole.

The note is written last. A shard that has one is never done again; one that has none, or whose
files are not those that the note speaks of, is. Frames with a column ``to`` are for other shards:
they are written in its order, so that a reader skips what is not for it by the file's own index.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from tk.errors import InputError, OutputError
from tk.protocols import Executor
from tk_link.atomic import explained, replacing
from tk_link.progress import Progress

_ROW_GROUP = 16_384
"""Rows that are read or skipped together."""

Values = dict[str, float]
Frames = Mapping[str, pl.DataFrame]
Work = Callable[[int], tuple[Frames, Values]]


@dataclass(frozen=True)
class Note:
    """What one shard of one stage came to.

    Attributes:
        bytes: Size of each file that it wrote, by the name of the frame.
        rows: Rows of each.
        cpu_seconds: Processor time.
        values: Figures for whoever leads the run.
    """

    bytes: dict[str, int]
    rows: dict[str, int]
    cpu_seconds: float
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Attributes:
        folder: Where its notes are, and its files.
        count: Shards.
        elsewhere: Folder of the files, where that is another.
    """

    folder: Path
    count: int
    elsewhere: Path | None = None

    def path(self, shard: int, name: str) -> Path:
        """Return where a shard's frame lies."""
        if self.elsewhere is not None:
            return self.elsewhere / f"part-{shard:05}.parquet"
        return self.folder / f"{shard:05}.{name}.parquet"

    def note(self, shard: int) -> Note | None:
        """Return the note of a shard that is done, whole files and all."""
        try:
            note = Note(**json.loads(self._note_path(shard).read_text()))
            sizes = {name: self.path(shard, name).stat().st_size for name in note.bytes}
        except (OSError, ValueError, TypeError):
            return None
        return note if sizes == note.bytes else None

    def read(self, shard: int, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Read a shard's frame."""
        path = self.path(shard, name)
        with readable(path):
            return pl.read_parquet(path, columns=list(columns) if columns is not None else None)

    def lazily(self, name: str, shard: int | None = None) -> pl.LazyFrame:
        """Return the frame of a shard, or those of all."""
        shards = range(self.count) if shard is None else [shard]
        return pl.scan_parquet([self.path(each, name) for each in shards])

    def gather(self, shard: int, name: str) -> pl.DataFrame:
        """Read what all shards of this stage wrote for one shard of the next."""
        with readable(self.folder):
            return self.lazily(name).filter(pl.col("to") == shard).drop("to").collect()

    def carry_out(self, work: Work, shard: int) -> Note:
        """Do the work of one shard and write it down.

        Raises:
            OutputError: It cannot be written.
        """
        start = time.process_time()
        frames, values = work(shard)
        sizes = {name: self._write(frame, shard, name) for name, frame in frames.items()}
        rows = {name: len(frame) for name, frame in frames.items()}
        note = Note(sizes, rows, time.process_time() - start, values)
        with replacing(self._note_path(shard)) as stream:
            stream.write(json.dumps(asdict(note)).encode())
        return note

    def _write(self, frame: pl.DataFrame, shard: int, name: str) -> int:
        path = self.path(shard, name)
        if "to" in frame.columns:
            frame = frame.sort("to", maintain_order=True)
        try:
            with replacing(path) as stream:
                frame.write_parquet(stream, row_group_size=_ROW_GROUP, compression_level=1)
        except pl.exceptions.PolarsError as error:
            reason = str(error).strip().split("\n")[0]
            raise OutputError(f"{path} cannot be written: {reason}") from error
        return path.stat().st_size

    def _note_path(self, shard: int) -> Path:
        return self.folder / f"{shard:05}.json"


class readable:
    """Turn what reading a file of ours may raise into an `InputError`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | pl.exceptions.PolarsError):
            reason = str(error).strip().split("\n")[0]
            raise InputError(f"{self._path} cannot be read: {reason}") from error


@dataclass
class Workshop:
    """A run's folder, who does its work, and what was done.

    Attributes:
        folder: The run's own folder inside the work folder.
        executor: Where work runs.
        progress: Told of every finished shard.
        notes: The notes of each stage, by its name in the order of the run.
        reused: Shards that an earlier run had finished.
        begun: Shards that this run did.
    """

    folder: Path
    executor: Executor
    progress: Progress | None = None
    notes: dict[str, list[Note]] = field(default_factory=dict)
    reused: int = 0
    begun: int = 0

    @property
    def cpu_seconds(self) -> dict[str, float]:
        """Processor seconds of every stage, those of earlier runs included."""
        return {name: sum(n.cpu_seconds for n in notes) for name, notes in self.notes.items()}

    @property
    def bytes(self) -> dict[str, int]:
        """Bytes that every stage wrote."""
        return {
            name: sum(sum(note.bytes.values()) for note in notes)
            for name, notes in self.notes.items()
        }

    def run(
        self, name: str, work: Work, count: int, *, elsewhere: Path | None = None
    ) -> tuple[Stage, list[Note]]:
        """Carry out a stage but for the shards that are done."""
        stage = Stage(self.folder / f"{len(self.notes):02}-{name}", count, elsewhere)
        with explained(str(stage.folder)):
            stage.folder.mkdir(parents=True, exist_ok=True)
        notes = [stage.note(shard) for shard in range(count)]
        todo = [shard for shard, note in enumerate(notes) if note is None]
        self.reused += count - len(todo)
        if self.progress is not None:
            self.progress.stage(name, total=len(todo))
        made = self.executor.map(partial(stage.carry_out, work), todo)
        for shard, note in zip(todo, made, strict=True):
            notes[shard] = note
            self.begun += 1
            if self.progress is not None:
                self.progress.advance()
        self.notes[name] = whole(notes)
        return stage, self.notes[name]


def whole(notes: Iterable[Note | None]) -> list[Note]:
    """Return the notes, of which none is missing."""
    return [note for note in notes if note is not None]

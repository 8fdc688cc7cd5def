"""What a state holds, read and written; every method that writes belongs into a transaction."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from tk_link.auditing.judgements import Judgement, Pair
from tk_link.state.arriving import Source
from tk_link.state.opening import StateKind, opened, opened_to_read, transaction
from tk_link.tables import Table
from tk_link.textview import text_view

Place = tuple[int, int]
"""A row: the number of its source and its place in it, from 0; neither ever changes."""
Kind = Literal["rows", "clustered", "pairs", "apart", "borderline"]

_PIECE = 100_000
"""Rows in one blob, which SQLite limits to a gigabyte."""


@dataclass(frozen=True)
class LastRun:
    """The last run that was begun.

    Attributes:
        run: Its number, from 1.
        version: The version of tk that ran.
        options: What decided, as JSON.
        is_done: Whether it ended.
    """

    run: int
    version: str
    options: str
    is_done: bool


@dataclass(frozen=True)
class KeptJudgement:
    """A judgement, and the rows that it is about where they are known."""

    number: int
    pair: Pair
    judgement: Judgement
    left: Place | None
    right: Place | None


@dataclass(frozen=True)
class Store:
    """An open state."""

    connection: sqlite3.Connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that the block does or nothing."""
        with transaction(self.connection):
            yield

    def last_run(self) -> LastRun | None:
        """Return the last run, None before the first."""
        query = "SELECT run, version, options, is_done FROM runs ORDER BY run DESC LIMIT 1"
        found = self.connection.execute(query).fetchone()
        if found is None:
            return None
        run, version, options, is_done = found
        return LastRun(run, version, options, bool(is_done))

    def begin_run(self, version: str, options: str) -> int:
        """Write down that a run begins; return its number."""
        query = "INSERT INTO runs (at, version, options) VALUES (?, ?, ?)"
        return int(self.connection.execute(query, (_now(), version, options)).lastrowid or 0)

    def end_run(self, run: int) -> None:
        """Write down that a run has ended."""
        self.connection.execute("UPDATE runs SET is_done = 1 WHERE run = ?", (run,))

    def sources(self) -> list[Source]:
        """Return every source with its rows, oldest first."""
        seen: dict[int, set[str]] = {}
        for digest, source in self.connection.execute("SELECT digest, source FROM seen"):
            seen.setdefault(source, set()).add(digest)
        query = "SELECT source, origin, name FROM sources ORDER BY source"
        return [
            Source(number, origin, self._table(number, name), frozenset(seen.get(number, ())))
            for number, origin, name in self.connection.execute(query).fetchall()
        ]

    def source_names(self) -> pl.DataFrame:
        """Return ``source`` and ``name`` of every source."""
        rows = self.connection.execute("SELECT source, name FROM sources").fetchall()
        return pl.DataFrame(rows, schema={"source": pl.Int64, "name": pl.String}, orient="row")

    def write_source(self, source: Source) -> None:
        """Write a source in place of what was known of it."""
        self.connection.execute(
            "INSERT OR IGNORE INTO sources VALUES (?, ?, ?)",
            (source.number, source.origin, source.table.name),
        )
        self.connection.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?, ?)",
            [(digest, source.number) for digest in sorted(source.seen)],
        )
        self.write_frame("rows", source.table.frame, source=source.number)

    def _table(self, number: int, name: str) -> Table:
        frame = self.read_frame("rows", source=number)
        return Table(name, frame, text_view(frame))

    def read_frame(self, kind: Kind, *, source: int = 0) -> pl.DataFrame:
        """Return a frame; an empty one where none was written."""
        query = "SELECT content FROM frames WHERE kind = ? AND source = ? ORDER BY piece"
        pieces = [
            pl.read_ipc(io.BytesIO(content))
            for (content,) in self.connection.execute(query, (kind, source))
        ]
        return pl.concat(pieces) if pieces else pl.DataFrame()

    def write_frame(self, kind: Kind, frame: pl.DataFrame, *, source: int = 0) -> None:
        """Write a frame in place of the one before."""
        self.connection.execute("DELETE FROM frames WHERE kind = ? AND source = ?", (kind, source))
        pieces = [*frame.iter_slices(_PIECE)] or [frame]  # of no rows, its columns
        for number, piece in enumerate(pieces):
            content = io.BytesIO()
            piece.write_ipc(content, compression="zstd")
            values = (kind, source, number, content.getvalue())
            self.connection.execute("INSERT INTO frames VALUES (?, ?, ?, ?)", values)

    def memberships(self, run: int | None = None) -> pl.DataFrame:
        """Return the cluster of each row after a run, the last by default.

        Returns:
            Columns ``source``, ``place``, ``cluster``, sorted by the first two.
        """
        # With max() SQLite takes the other columns from the row that has it.
        query = (
            "SELECT source, place, cluster, max(run) FROM memberships WHERE run <= ? "
            "GROUP BY source, place ORDER BY source, place"
        )
        rows = self.connection.execute(query, (run or 2**62,)).fetchall()
        schema = {"source": pl.Int64, "place": pl.Int64, "cluster": pl.String, "run": pl.Int64}
        return pl.DataFrame(rows, schema=schema, orient="row").drop("run")

    def write_memberships(self, run: int, moved: pl.DataFrame) -> None:
        """Add rows of ``source``, ``place``, ``cluster`` that are new or in another cluster."""
        self.connection.executemany(
            "INSERT INTO memberships (run, source, place, cluster) VALUES (?, ?, ?, ?)",
            ((run, *row) for row in moved.select("source", "place", "cluster").iter_rows()),
        )

    def clusters(self) -> pl.DataFrame:
        """Return every id that was ever given: ``age`` (1 is the oldest), ``cluster``."""
        query = "SELECT age, cluster FROM clusters ORDER BY age"
        rows = self.connection.execute(query).fetchall()
        return pl.DataFrame(rows, schema={"age": pl.Int64, "cluster": pl.String}, orient="row")

    def write_clusters(
        self, run: int, *, born: Iterable[str], gone: Iterable[tuple[str, str]]
    ) -> None:
        """Write down new ids and ids that went, each with its successor."""
        self.connection.executemany(
            "INSERT INTO clusters (cluster, born) VALUES (?, ?)", ((name, run) for name in born)
        )
        self.connection.executemany(
            "UPDATE clusters SET gone = ?, successor = ? WHERE cluster = ?",
            ((run, successor, name) for name, successor in gone),
        )

    def judgements(self) -> list[KeptJudgement]:
        """Return all judgements, oldest first."""
        query = "SELECT * FROM judged ORDER BY judged"
        return [
            KeptJudgement(number, (left, right), said, _place(*at[:2]), _place(*at[2:]))
            for number, _, _, left, right, said, *at in self.connection.execute(query)
        ]

    def add_judgements(self, run: int, judgements: Iterable[KeptJudgement]) -> None:
        """Add judgements; later ones overrule."""
        self.connection.executemany(
            "INSERT INTO judged (judged, run, at, left_id, right_id, judgement) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [(each.number, run, _now(), *each.pair, each.judgement) for each in judgements],
        )

    def locate_judgements(self, found: Sequence[tuple[int, Place, Place]]) -> None:
        """Write down which rows judgements are about, by their numbers."""
        self.connection.executemany(
            "UPDATE judged SET left_source = ?, left_place = ?, right_source = ?, right_place = ? "
            "WHERE judged = ?",
            [(*left, *right, number) for number, left, right in found],
        )

    def about(self) -> str:
        """Return what was kept about the last result, as JSON; there is one after a whole run."""
        return str(self.connection.execute("SELECT about FROM result").fetchone()[0])

    def write_about(self, run: int, about: str) -> None:
        """Replace it."""
        self.connection.execute("DELETE FROM result")
        self.connection.execute("INSERT INTO result VALUES (?, ?)", (run, about))


@contextmanager
def open_store(path: Path, kind: StateKind) -> Iterator[Store]:
    """Open a state for one run. Raises as `tk_link.state.opening.opened`."""
    with opened(path, kind) as connection:
        yield Store(connection)


@contextmanager
def read_store(path: Path, kind: StateKind | None = None) -> Iterator[Store]:
    """Open a state to read. Raises as `tk_link.state.opening.opened_to_read`."""
    with opened_to_read(path, kind) as connection:
        yield Store(connection)


def _place(source: int | None, place: int | None) -> Place | None:
    return None if source is None or place is None else (source, place)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

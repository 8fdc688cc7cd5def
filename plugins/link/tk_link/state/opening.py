"""Open a state file: one run at a time, nothing half-written, every trouble told in words.

A state is one SQLite file in rollback-journal mode: every change is a transaction, on the disk when
it is said to be, and undone by the next to open the file when its writer was killed. The first
file appears whole under its name. A run holds the file's lock until it ends; the system frees
it when a process dies.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tk.errors import InputError, OutputError, TkError


@dataclass(frozen=True)
class StateKind:
    """Whose state a file is.

    Attributes:
        command: The command that goes on from it.
        application: SQLite's application id.
    """

    command: str
    application: int


DEDUPED = StateKind("tk dedupe", 0x746B6C73)
"""``tkls``"""
LINKED = StateKind("tk link", 0x746B6C6E)
"""``tkln``"""
_KINDS = {kind.application: kind for kind in (DEDUPED, LINKED)}
FORMAT = 1
"""Version of the tables below."""
_PATIENCE = 2.0
"""Seconds to wait for another run."""
_SCHEMA = """
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, at TEXT NOT NULL, version TEXT NOT NULL, options TEXT NOT NULL,
    is_done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE sources (
    source INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE
);
CREATE TABLE seen (digest TEXT PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources);
CREATE TABLE frames (
    kind TEXT NOT NULL, source INTEGER NOT NULL, piece INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (kind, source, piece)
);
CREATE TABLE clusters (
    age INTEGER PRIMARY KEY, cluster TEXT NOT NULL UNIQUE, born INTEGER NOT NULL REFERENCES runs,
    gone INTEGER REFERENCES runs, successor TEXT
);
CREATE TABLE memberships (
    source INTEGER NOT NULL, place INTEGER NOT NULL, run INTEGER NOT NULL, cluster TEXT NOT NULL,
    PRIMARY KEY (source, place, run)
) WITHOUT ROWID;
CREATE TABLE judged (
    judged INTEGER PRIMARY KEY, run INTEGER NOT NULL, at TEXT NOT NULL, left_id TEXT NOT NULL,
    right_id TEXT NOT NULL, judgement TEXT NOT NULL CHECK (judgement IN ('y', 'n', 'u')),
    left_source INTEGER, left_place INTEGER, right_source INTEGER, right_place INTEGER
);
CREATE TABLE result (run INTEGER PRIMARY KEY, about TEXT NOT NULL);
"""


@contextmanager
def opened(path: Path, kind: StateKind = DEDUPED) -> Iterator[sqlite3.Connection]:
    """Open a state for one run, making it where it is not there, and keep others out.

    Raises:
        InputError: It is no state, of another version, damaged, or in use.
        OutputError: It cannot be written.
    """
    with explained(path):
        if not path.exists():
            _make(path, kind)
        check_header(path, kind)
        with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as store:
            store.execute("PRAGMA locking_mode = EXCLUSIVE")
            store.execute("PRAGMA synchronous = FULL")
            with transaction(store):  # takes the lock, which stays until the end
                damage = store.execute("PRAGMA quick_check(1)").fetchone()[0]
            if damage != "ok":
                raise InputError(_damaged(path, damage))
            yield store


@contextmanager
def opened_to_read(path: Path, kind: StateKind | None = None) -> Iterator[sqlite3.Connection]:
    """Open a state that is not to be changed, of any kind where none is named.

    Raises:
        InputError: As `opened` does.
    """
    with explained(path):
        check_header(path, kind)
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE)) as store:
            yield store


@contextmanager
def transaction(store: sqlite3.Connection) -> Iterator[None]:
    """Do all that the block does or nothing; when it ends well, it is on the disk."""
    store.execute("BEGIN EXCLUSIVE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            store.execute("ROLLBACK")
        raise
    store.execute("COMMIT")


def is_state(path: Path) -> bool:
    """Tell whether a file calls itself a state; it may still be damaged."""
    with suppress(OSError), path.open("rb") as stream:
        head = stream.read(100)
        return head[:16] == b"SQLite format 3\0" and _number(head, 68) in _KINDS
    return False


def check_header(path: Path, kind: StateKind | None = None) -> None:
    """See that a file is a whole state of this version, and of a kind where one is wanted.

    It is read as bytes, before SQLite opens it: closing a file drops the locks of its process.

    Raises:
        InputError: It is not.
    """
    if not path.is_file():
        raise InputError(f"{path} is no file, so it is no state")
    with path.open("rb") as stream:
        head = stream.read(100)
    if not head:
        raise InputError(
            f"{path} is empty: a state is never empty, so its content was lost; restore it from a "
            "copy, or delete it to begin a new one"
        )
    if not head.startswith(b"SQLite format 3\0"[: len(head)]):
        raise InputError(f"{path} is no state of {_wanted(kind)}; name another file with --state")
    if len(head) < 100:
        raise InputError(_damaged(path, f"it ends after {len(head)} bytes"))
    found = _KINDS.get(_number(head, 68))
    if found is None:
        raise InputError(
            f"{path} is an SQLite database with other tables, no state of {_wanted(kind)}; name "
            "another file with --state"
        )
    if kind not in (None, found):
        raise InputError(
            f"{path} is a state of {found.command}, which {_wanted(kind)} cannot go on from; name "
            "another file with --state"
        )
    if _number(head, 60) != FORMAT:
        raise InputError(
            f"{path} is a state of version {_number(head, 60)}, this tk reads version {FORMAT}; "
            "use the tk that made it, or begin a new one under another name"
        )
    size = (int.from_bytes(head[16:18], "big") or 1) * _number(head, 28)
    has_journal = path.with_name(f"{path.name}-journal").exists()  # which SQLite plays back
    if path.stat().st_size < size and not has_journal:
        raise InputError(_damaged(path, f"{path.stat().st_size:,} of {size:,} bytes are there"))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say what SQLite or the system reports about `path` as errors of ours."""
    try:
        yield
    except TkError:
        raise
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise InputError(
                f"{path} is in use by another run; one run at a time goes on from a state: wait "
                "until it has ended"
            ) from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise InputError(_damaged(path, str(error))) from error
        if name.startswith(
            ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM")
        ):
            safe = "; what it held before is safe" if path.exists() else ""
            raise OutputError(f"{path} cannot be written: {error}{safe}") from error
        raise
    except OSError as error:
        if error.filename is None or Path(error.filename).parent != path.parent:
            raise
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _wanted(kind: StateKind | None) -> str:
    return "tk" if kind is None else kind.command


def _make(path: Path, kind: StateKind) -> None:
    """Make an empty state beside its place and move it there, unless another run was faster."""
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: folder {path.parent} does not exist")
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as store:
            store.executescript(
                f"BEGIN; PRAGMA application_id = {kind.application};"
                f"PRAGMA user_version = {FORMAT}; {_SCHEMA} COMMIT;"
            )
        try:
            os.link(part, path)  # unlike a renaming, it never replaces
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def _number(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 4], "big")


def _damaged(path: Path, how: str) -> str:
    return f"{path} is damaged ({how}); restore it from a copy"

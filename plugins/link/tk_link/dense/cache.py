"""Vectors kept on disk, so that no text is encoded twice by the same model.

One SQLite file per model, ``<TK_CACHE>/embeddings/<digest of the model>.sqlite``, maps the digest
of a text to its vector. Blocks of vectors are written in one transaction each: an interrupted run
keeps what it encoded, a killed one leaves no half-written vector, and two runs may share a file.
A cache that cannot be used costs time, never the result: the log says so and texts are encoded.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tk.protocols import Encoder
from tk_link.dense.texts import distinct

Vectors = NDArray[np.float32]

_AT_ONCE = 500
"""Keys in one query: SQLite allows 999 variables."""
_BLOCK = 4_096
"""Texts encoded and written together: a few seconds of work."""
_MOST_BYTES = 8 << 30
"""All files together; those written to longest ago go first."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS model (dim INTEGER NOT NULL, identity TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB NOT NULL);
"""

_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return where this machine keeps what can be made again; ``TK_CACHE`` says otherwise."""
    if own := os.environ.get("TK_CACHE"):
        return Path(own).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "tk/Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/tk"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tk"


class CachedEncoder:
    """An encoder that remembers.

    Attributes:
        dim: Length of the vectors.
        identity: The model's.
    """

    def __init__(self, encoder: Encoder[str], *, identity: str, folder: Path | None = None) -> None:
        """Put a cache before `encoder`.

        Args:
            encoder: What encodes texts that are not known yet.
            identity: Names the model: two that share it give the same vectors. When its vectors
                have another length than those kept, these are thrown away.
            folder: Where the files lie; by default ``embeddings`` in `cache_folder`.
        """
        self.dim, self.identity = encoder.dim, identity
        self._encoder = encoder
        self._folder = folder or cache_folder() / "embeddings"
        name = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        self._path = self._folder / f"{name}.sqlite"
        self._is_usable = True

    def encode(self, items: Sequence[str], *, batch_size: int = 64) -> Vectors:
        """Return one vector per text, ``(len(items), dim)``, encoding only unknown texts."""
        texts, positions = distinct(items)
        out = np.empty((len(texts), self.dim), dtype=np.float32)
        keys = [_key(text) for text in texts]  # a microsecond each
        missing = np.ones(len(texts), dtype=bool)
        if texts:
            self._use(partial(_read, keys=keys, out=out, missing=missing))
        rows = np.flatnonzero(missing)
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            out[block] = self._encoder.encode([texts[row] for row in block], batch_size=batch_size)
            self._use(partial(_write, keys=[keys[row] for row in block], vectors=out[block]))
        if len(rows):
            _make_room(self._folder, keep=self._path)
        found: Vectors = out[positions]
        return found

    def _use(self, work: Callable[[sqlite3.Connection], None]) -> None:
        if not self._is_usable:
            return
        try:
            with self._opened() as store:
                work(store)
        except (sqlite3.OperationalError, OSError) as e:  # locked, full, read-only: left alone
            self._is_usable = False
            _log.warning("the cache %s is not used: %s", self._path, e)
        except sqlite3.DatabaseError as e:
            _log.warning("the cache %s is damaged (%s) and begun anew", self._path, e)
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=30)) as store:
            store.executescript(_SCHEMA)
            with store:  # one transaction: all or nothing
                self._check_dim(store)
                yield store

    def _check_dim(self, store: sqlite3.Connection) -> None:
        known = store.execute("SELECT dim FROM model").fetchone()
        if known is not None and known[0] == self.dim:
            return
        if known is not None:
            _log.warning(
                "%s gave vectors of length %d before and %d now: its model was changed, the kept "
                "vectors are thrown away and texts encoded again",
                self.identity, known[0], self.dim,
            )  # fmt: skip
            store.execute("DELETE FROM vectors")
            store.execute("DELETE FROM model")
        store.execute("INSERT INTO model VALUES (?, ?)", (self.dim, self.identity))


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _read(
    store: sqlite3.Connection, keys: Sequence[bytes], out: Vectors, missing: NDArray[np.bool_]
) -> None:
    """Fill in the known rows of `out` and strike them off `missing`."""
    row_of = {key: row for row, key in enumerate(keys)}
    size = out.shape[1] * out.itemsize
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT text, vector FROM vectors WHERE text IN ({marks})"
        for key, vector in store.execute(query, some):
            if isinstance(vector, bytes) and len(vector) == size:
                out[row_of[key]] = np.frombuffer(vector, dtype="<f4")
                missing[row_of[key]] = False


def _write(store: sqlite3.Connection, keys: Sequence[bytes], vectors: Vectors) -> None:
    rows = zip(keys, (row.astype("<f4").tobytes() for row in vectors), strict=True)
    store.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


def _make_room(folder: Path, *, keep: Path) -> None:
    """Delete the files written to longest ago until the rest is small enough."""
    with suppress(OSError):
        files = sorted(folder.glob("*.sqlite"), key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in files)
        for path in files:
            if total <= _MOST_BYTES:
                return
            if path != keep:
                total -= path.stat().st_size
                path.unlink(missing_ok=True)

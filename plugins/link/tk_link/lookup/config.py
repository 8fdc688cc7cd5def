"""What an index is built of, and how it is served: every option, checked once, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tk.errors import NotFoundError, UsageError
from tk_link.fields import FIELD_TYPES, FieldType


@dataclass(frozen=True)
class IndexConfig:
    """How to build an index. The defaults need no thought.

    Attributes:
        on: Columns to compare; None takes all that say something.
        id: Column that names rows; None finds one.
        name: Columns that together are a row's name; None finds them.
        types: Types set by hand, by column.
        scorer: Folder of a saved `tk_link.Linker` to score by; None learns from the table.
        seed: Seed of everything random.
    """

    on: tuple[str, ...] | None = None
    id: str | None = None
    name: tuple[str, ...] | None = None
    types: tuple[tuple[str, FieldType], ...] = ()
    scorer: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for _, type_ in self.types:
            if type_ not in FIELD_TYPES:
                raise NotFoundError("type", type_, FIELD_TYPES, where=", ".join(FIELD_TYPES))
        for option, columns in (("on", self.on), ("name", self.name)):
            if columns == ():
                raise UsageError(f"{option} names no column; leave it out to have one found")
            if columns is not None and len(set(columns)) < len(columns):
                raise UsageError(f"{option} names a column twice: {', '.join(columns)}")
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed}; it must be 0 or more")


@dataclass(frozen=True)
class ServeConfig:
    """How to serve an index.

    Attributes:
        host: Address to listen on; the loopback address unless told otherwise.
        port: Port to listen on; 0 takes a free one.
        min_prob: Probability from which a row is called a match, 0..1.
        origins: Web pages of other origins that may read answers (``https://host``), or ``*``;
            those on this machine always may.
        public_url: How the server is reached from outside, where that is not its own address.
        connections: Connections held at once, at most.
        patience: Seconds that a client has to send a request, and to take the answer.
        log: Say each request on standard error.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    min_prob: float = 0.9
    origins: tuple[str, ...] = ()
    public_url: str | None = None
    connections: int = 64
    patience: float = 10.0
    log: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UsageError(f"port is {self.port}; it must lie between 0 and 65535")
        if not 0 < self.min_prob <= 1:
            raise UsageError(f"min_prob is {self.min_prob}; it must lie above 0 and be 1 at most")
        if self.connections < 1:
            raise UsageError(f"connections is {self.connections}; it must be 1 or more")
        if not self.patience > 0:
            raise UsageError(f"patience is {self.patience}; it must be above 0 seconds")
        for origin in self.origins:
            if origin != "*" and not _is_address(origin):
                raise UsageError(f"{origin!r} is no web address; write https://host, or * for any")
        if self.public_url is not None and not _is_address(self.public_url):
            raise UsageError(f"{self.public_url!r} is no web address; write https://host")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False

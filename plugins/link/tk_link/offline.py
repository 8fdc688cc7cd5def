"""What ``--offline`` forbids: sources and outputs on other machines."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from tk.errors import UsageError
from tk_link.databases.address import split_inside
from tk_link.masking import masked

_HERE = ("sqlite", "duckdb", "file", "local", "memory")
_SERVERS = ("http", "https", "postgresql", "postgres")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def check_offline(places: Iterable[object]) -> None:
    """Raise `UsageError` where one of `places`, paths, URLs or frames, is on another machine."""
    for place in places:
        if isinstance(place, str) and "://" in place and not _is_here(place):
            raise UsageError(f"{masked(place)} is on the network, which --offline forbids")


def _is_here(url: str) -> bool:
    scheme = url.partition("://")[0].lower()
    if scheme not in _SERVERS:
        return scheme in _HERE
    parts = urlsplit(split_inside(url)[0])
    hosts = [parts.hostname or "", *parse_qs(parts.query).get("host", [])]
    return all(not host or host.startswith("/") or host in _THIS_MACHINE for host in hosts)

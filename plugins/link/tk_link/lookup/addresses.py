"""Whose requests are answered, and who may read the answers: hosts, and origins of web pages."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from tk_link.lookup.protocol import Refused

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def is_loopback(host: str) -> bool:
    """Tell whether a name or address is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(host: str, public_url: str | None, *, is_local: bool) -> None:
    """Refuse a Host header that is malformed or, on the loopback address, names another machine.

    A web page can point a name of its own at the loopback address and read what is served there
    (DNS rebinding); it cannot choose the Host header that the browser then sends.
    """
    if not _HOST.fullmatch(host):
        raise Refused(400, "the Host header is malformed")
    name = urlsplit(f"//{host}").hostname or ""
    ours = public_url is not None and name == urlsplit(public_url).hostname
    if is_local and not ours and not is_loopback(name):
        raise Refused(403, f"{host:.80} is not this machine; see --public-url")


def may_read(origin: str, allowed: tuple[str, ...]) -> bool:
    """Tell whether a web page's origin may read answers: on this machine, or allowed."""
    if "*" in allowed or origin in allowed:
        return True
    try:
        return is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False

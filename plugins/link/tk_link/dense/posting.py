"""Post JSON to a server that may be slow, busy or broken."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from socket import gaierror
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tk.errors import TkError, UsageError

_LARGEST = 1 << 28
"""Bytes read of an answer at most: 64 vectors of length 4096 as text are 6 million."""
_LONGEST_WAIT = 60.0
_NOBODY_THERE = 3
"""Tries where nothing listens or the name is unknown: most often a typing error."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        tries: Requests made at most.
        timeout: Seconds until one is given up.
        pause: Seconds before the second try, doubled before each further one; a server that says
            ``Retry-After`` is obeyed, up to a minute.
        sleep: What waits.
    """

    tries: int = 6
    timeout: float = 60.0
    pause: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class _Stay(HTTPRedirectHandler):
    """Follow no redirect: it would carry the key to another host."""

    def redirect_request(  # noqa: PLR0917 - the base class's arguments
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def post_json(url: str, body: object, *, key: str | None, patience: Patience) -> object:
    """Post `body` and return the parsed answer, trying again where that may help.

    Tried again: 408, 409, 425, 429, 5xx, refused and broken connections, timeouts.

    Raises:
        UsageError: The server refuses the key, the address or the request.
        TkError: It cannot be reached, stays overloaded, or its answer is no JSON.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = Request(url, json.dumps(body).encode(), headers, method="POST")
    trouble, tries = "", patience.tries
    for attempt in range(patience.tries):
        wait = patience.pause * 2**attempt
        try:
            return _parsed(url, _fetch(request, patience.timeout))
        except HTTPError as e:
            trouble = f"HTTP {e.code} {e.reason}{_detail(e)}"
            if e.code not in (408, 409, 425, 429) and e.code < 500:
                raise _refused(url, e.code, trouble) from e
            wait = _retry_after(e) or wait
        except (URLError, TimeoutError, HTTPException, OSError) as e:
            reason = getattr(e, "reason", e)
            trouble = str(reason) or type(e).__name__
            if isinstance(reason, ConnectionRefusedError | gaierror):
                tries = min(tries, _NOBODY_THERE)
        if attempt + 1 >= tries:
            break
        wait = min(wait, _LONGEST_WAIT)
        _log.info("%s: %s; again in %.1f s", url, trouble, wait)
        patience.sleep(wait)
    raise TkError(f"{url} did not answer in {tries} tries; the last said: {trouble}")


def _fetch(request: Request, timeout: float) -> bytes:
    with build_opener(_Stay).open(request, timeout=timeout) as answer:
        found: bytes = answer.read(_LARGEST + 1)
    return found


def _parsed(url: str, answer: bytes) -> object:
    if len(answer) > _LARGEST:
        raise TkError(f"{url} answered more than {_LARGEST >> 20} MB")
    try:
        return json.loads(answer)
    except ValueError as e:
        start = answer[:60].decode("utf-8", "replace")
        raise TkError(f"{url} answered something that is no JSON: {start!r}") from e


def _refused(url: str, code: int, trouble: str) -> TkError:
    if code in (401, 403):
        return UsageError(f"{url} refuses the key ({trouble}); set TK_API_KEY")
    if code == 404:
        return UsageError(f"{url} does not exist or lacks the model ({trouble})")
    return UsageError(f"{url} refuses the request ({trouble})")


def _detail(error: HTTPError) -> str:
    """Return what the server says beyond the code, in one short line."""
    try:
        said = error.read(2_000).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return ""
    finally:
        error.close()
    try:
        parsed = json.loads(said)["error"]
        said = parsed["message"] if isinstance(parsed, dict) else str(parsed)
    except (ValueError, KeyError, TypeError):
        pass
    line = " ".join(said.split())[:200]
    return f": {line}" if line else ""


def _retry_after(error: HTTPError) -> float | None:
    """Return the seconds that the server asks for; dates are not read."""
    try:
        return max(float(error.headers.get("Retry-After", "")), 0.0)
    except ValueError:
        return None

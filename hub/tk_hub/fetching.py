"""Bring bytes from a hub: HTTP, HTTPS or a folder; no redirects, nothing larger than signed for."""

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from time import monotonic
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError
from tuf.ngclient import FetcherInterface

_CHUNK = 64 * 2**10
_SILENCE = 30
"""Seconds that a server may say nothing."""
_SLOWEST = 1000
"""Bytes per second; who is slower for longer than `_SILENCE` wants to keep us waiting."""


class _NoRedirect(HTTPRedirectHandler):
    """Follow nobody: the address that the user gave is the one that is asked."""

    def redirect_request(  # noqa: PLR0917 - as in the standard library
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
    ) -> None:
        """Refuse.

        Raises:
            DownloadError: Always.
        """
        raise DownloadError(f"{req.full_url} redirects to {newurl}; redirects are not followed")


class Fetcher(FetcherInterface):
    """Fetch with the standard library, which knows proxies and ``file://``."""

    def __init__(self) -> None:
        self._opener = build_opener(_NoRedirect())

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            response = self._opener.open(url, timeout=_SILENCE)
        except HTTPError as e:
            e.close()
            raise DownloadHTTPError(f"{url}: {e.code} {e.reason}", e.code) from e
        except URLError as e:
            if url.startswith("file:"):  # python-tuf asks for a newer root until there is none
                raise DownloadHTTPError(f"{url} is not there", 404) from e
            raise DownloadError(f"{url}: {e.reason}") from e
        return _chunks(response, url)


class Cached(FetcherInterface):
    """Answer from what was verified last time; offline, that is all there is, until it expires."""

    def __init__(self, metadata: Path) -> None:
        self._metadata = metadata

    def _fetch(self, url: str) -> Iterator[bytes]:
        role = url.rpartition("/")[2].removesuffix(".json").rpartition(".")[2]
        path = self._metadata / f"{role}.json"
        if role == "root" or not path.is_file():  # there is no newer root than the kept ones
            raise DownloadHTTPError(f"{url} was not fetched before", 404)
        return iter([path.read_bytes()])


def _chunks(response: BufferedReader, url: str) -> Iterator[bytes]:
    with response:
        start, received = monotonic(), 0
        try:
            while chunk := response.read1(_CHUNK):
                received += len(chunk)
                seconds = monotonic() - start
                if seconds > _SILENCE and received / seconds < _SLOWEST:
                    raise SlowRetrievalError(f"{url} takes too long")
                yield chunk
        except OSError as e:
            raise DownloadError(f"{url} broke off: {e}") from e

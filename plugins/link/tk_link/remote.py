"""Files on servers: ``https://`` by Python itself, every other scheme through fsspec.

Object stores (``s3://``, ``gs://``, ``az://``) use the file system that fsspec knows for them where
that is installed, else obstore (`tk_link.buckets`), which the extra ``cloud`` brings.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import PurePosixPath
from typing import Protocol, cast
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    build_opener,
)

from tk.errors import InputError, MissingExtraError, OutputError
from tk.suggest import nearest
from tk_link.buckets import SCHEMES, ObjectStores
from tk_link.masking import masked
from tk_link.refusals import explain

_TIMEOUT = 60.0
"""Seconds without a byte until a server is given up."""
_SUFFIXES = {
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.apache.arrow.file": ".arrow",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""What a server's content type says where neither its URL nor its file name has a suffix."""


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched.

    Attributes:
        name: What to call it in messages.
        filename: Its name, whose suffix says what it is.
        content: Its bytes.
    """

    name: str
    filename: str
    content: bytes


def fetch(url: str) -> Fetched:
    """Fetch the file that `url` names.

    Raises:
        InputError: There is none, the server refuses or does not answer, or it ends too early.
        MissingExtraError: The library for the URL's scheme is not installed.
    """
    scheme = url.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return _fetch_http(url)
    filename = PurePosixPath(urlsplit(url).path).name or url.rpartition("/")[2]
    with _explained(url):
        return Fetched(filename, filename, file_system(url).cat_file(_without_scheme(url)))


def store(url: str, content: bytes) -> None:
    """Write a file to the place that `url` names; object stores show it whole or not at all.

    Raises:
        OutputError: It cannot be written there.
        MissingExtraError: The library for the URL's scheme is not installed.
    """
    try:
        with _explained(url):
            file_system(url).pipe_file(_without_scheme(url), content)
    except InputError as error:
        raise OutputError(error.message) from error


def check_writable(url: str, *, replace: bool = True) -> None:
    """Find out before the work whether a file can be written to `url`, without writing.

    Raises:
        OutputError: Nothing can be written to URLs of this scheme, the store or its bucket is not
            there, or the file exists and is not to be replaced.
    """
    scheme = url.partition("://")[0].lower()
    if scheme in ("http", "https"):
        raise OutputError(f"{masked(url)} cannot be written: a web server only gives; name a file")
    try:
        is_there = _exists(url)
        if not is_there and scheme in SCHEMES:
            bucket = _without_scheme(url).partition("/")[0]
            if not _exists(f"{scheme}://{bucket}/"):
                raise OutputError(f"{masked(url)}: bucket {bucket!r} does not exist")
    except InputError as error:
        if replace and "AccessDenied" in str(error.__cause__):
            return  # one may be allowed to write without being allowed to read
        raise OutputError(error.message) from error
    if is_there and not replace:
        raise OutputError(f"{masked(url)} exists; name another file, or say --if-exists replace")


def _exists(url: str) -> bool:
    with _explained(url):
        return file_system(url).exists(_without_scheme(url))


def matches(url: str) -> list[str]:
    """Return the URLs that a pattern such as ``s3://bucket/part-*.csv`` stands for, sorted.

    Raises:
        InputError: The scheme has no folders to search, or they cannot be read.
    """
    scheme = url.partition("://")[0]
    with _explained(url):
        found = file_system(url).glob(_without_scheme(url))
    return sorted(f"{scheme}://{path.lstrip('/')}" for path in found)


class FileSystem(Protocol):
    """What is used of an fsspec file system."""

    def cat_file(self, path: str) -> bytes:
        """Return the bytes of a file."""

    def pipe_file(self, path: str, value: bytes) -> None:
        """Write a file."""

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file."""

    def glob(self, path: str) -> list[str]:
        """Return the files whose paths fit a pattern."""


def file_system(url: str) -> FileSystem:
    """Return what reads and writes URLs of this scheme.

    Raises:
        InputError: Nothing knows the scheme.
        MissingExtraError: The library for it is not installed.
    """
    import fsspec  # noqa: PLC0415 - only where a URL is read

    scheme, _, path = url.partition("://")
    scheme = scheme.lower()
    if scheme in SCHEMES and "/" not in path:
        raise InputError(f"{masked(url)} names a bucket; name a file in it")
    known = [*fsspec.available_protocols(), "sqlite", "duckdb", "postgresql"]
    if scheme not in known and scheme not in SCHEMES:
        near = nearest(scheme, known)
        hint = f"; did you mean {near}://?" if near else ""
        raise InputError(f"{masked(url)}: nothing here reads {scheme}://{hint}")
    try:
        return cast("FileSystem", fsspec.filesystem(scheme, skip_instance_cache=True))
    except (ImportError, ValueError) as error:
        if scheme not in SCHEMES:
            raise InputError(f"{masked(url)} cannot be read: {error}") from error
    return ObjectStores(scheme)


def _without_scheme(url: str) -> str:
    return url.partition("://")[2]


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn what a file system says into an `InputError`; each has errors of its own."""
    try:
        yield
    except (InputError, MissingExtraError):
        raise
    except Exception as error:
        raise InputError(explain(url, error)) from error


def _fetch_http(url: str) -> Fetched:
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    passwords = HTTPPasswordMgrWithDefaultRealm()
    if parts.username:  # sent only where the server asks for it, and to no other
        user, password = unquote(parts.username), unquote(parts.password or "")
        passwords.add_password(None, bare, user, password)
    try:
        opener = build_opener(HTTPBasicAuthHandler(passwords))
        with opener.open(bare, timeout=_TIMEOUT) as response:
            return _whole(response, url)
    except HTTPError as error:
        raise InputError(f"{masked(url)}: the server says {error.code} {error.reason}") from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        said = "no answer" if isinstance(reason, TimeoutError) else str(reason) or repr(reason)
        raise InputError(f"{masked(url)} cannot be fetched: {said}") from error


def _whole(response: HTTPResponse, url: str) -> Fetched:
    content = response.read()  # raises IncompleteRead where the connection ends early
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    given = response.headers.get_filename()
    filename = name if PurePosixPath(name).suffix or not given else PurePosixPath(given).name
    if not PurePosixPath(filename).suffix:
        filename = f"{filename or 'table'}{_suffix(response.headers)}"
    return Fetched(masked(name or filename), filename, content)


def _suffix(headers: Message) -> str:
    return _SUFFIXES.get(headers.get_content_type(), ".csv")

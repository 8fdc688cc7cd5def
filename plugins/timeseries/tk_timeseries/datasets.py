"""The ETT data sets (Informer, arXiv:2012.07436): found on this machine, or fetched once.

Two transformers' oil temperature and loads, July 2016 to June 2018, by the hour (h) and the quarter
hour (m); licence CC BY-ND 4.0.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tqdm.auto import tqdm

from tk.atomic import replacing
from tk.errors import InputError, NotFoundError, OutputError

ADDRESS = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small"
_TIMEOUT = 60.0
"""Seconds without a byte until the server is given up."""
_CHUNK = 65_536


@dataclass(frozen=True)
class Published:
    """A file as it was published.

    Attributes:
        size: Bytes.
        digest: ``algorithm:hexadecimal``.
    """

    size: int
    digest: str


ETT = {
    "ETTh1": Published(
        2_589_657, "sha256:f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"
    ),
    "ETTh2": Published(
        2_417_960, "sha256:a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b"
    ),
    # Of these two the MD5 sums are what others have published; the files were not at hand here.
    "ETTm1": Published(10_360_719, "md5:82d6bd89109c63d075d99c1077b33f38"),
    "ETTm2": Published(9_677_236, "md5:7687e47825335860bf58bccb31be0c56"),
}


def ett(name: str, *, folder: Path | None = None, offline: bool = False) -> Path:
    """Return where ``NAME.csv`` lies, after its checksum was seen to be right.

    Args:
        name: ``ETTh1``, ``ETTh2``, ``ETTm1`` or ``ETTm2``.
        folder: Where it lies, itself or in a folder of its name; nothing is fetched then. By
            default ``tk/ett`` in the user's cache, where it is put if it is not there.
        offline: Fetch nothing.

    Raises:
        InputError: It is not there and cannot be fetched, or is not what was published.
        NotFoundError: There is no such data set.
    """
    if name not in ETT:
        raise NotFoundError("data set", name, list(ETT))
    if folder is not None:
        return _in_folder(name, folder)
    path = _cache() / f"{name}.csv"
    if path.is_file() and _is_published(path, ETT[name]):
        return path
    _fetch(name, path, offline=offline)
    return path


def locate(path: Path, *, offline: bool = False) -> Path:
    """Return the file that `path` names: itself, or a data set of that name."""
    if str(path) in ETT and not path.exists():
        return ett(str(path), offline=offline)
    return path


def _in_folder(name: str, folder: Path) -> Path:
    places = [folder / f"{name}.csv", folder / name / f"{name}.csv"]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise InputError(f"{folder} holds no {name}.csv; fetch it from {_address(name)}")
    if not _is_published(path, ETT[name]):
        raise InputError(f"{path} is not {name} as published ({ETT[name].digest})")
    return path


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tk" / "ett"


def _address(name: str) -> str:
    return f"{ADDRESS}/{name}.csv"


def _is_published(path: Path, published: Published) -> bool:
    if path.stat().st_size != published.size:
        return False
    return _digest(path.read_bytes(), published) == published.digest


def _digest(content: bytes, published: Published) -> str:
    algorithm = published.digest.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()}"


def _fetch(name: str, path: Path, *, offline: bool) -> None:
    advice = f"fetch {_address(name)} where there is a network and put it at {path}"
    if offline:
        raise InputError(f"{name} is not on this machine and --offline forbids fetching; {advice}")
    try:
        content = _download(_address(name), ETT[name].size)
    except (URLError, HTTPException, OSError) as e:
        reason = e.reason if isinstance(e, URLError) else e
        raise InputError(f"{name} cannot be fetched ({reason}); {advice}") from e
    found = _digest(content, ETT[name])
    if found != ETT[name].digest:
        raise InputError(
            f"{_address(name)} is not {name} as published: {len(content)} bytes with {found} "
            f"instead of {ETT[name].size} with {ETT[name].digest}; nothing was kept"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise OutputError(f"{path.parent} cannot be made: {e.strerror}") from e
    with replacing(path) as stream:
        stream.write(content)


def _download(address: str, size: int) -> bytes:
    """Return what the server sends, hardly more than `size` bytes."""
    content = bytearray()
    with (
        urlopen(address, timeout=_TIMEOUT) as response,
        tqdm(total=size, unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar,
    ):
        while len(content) <= size and (part := response.read(_CHUNK)):
            content += part
            bar.update(len(part))
    return bytes(content)

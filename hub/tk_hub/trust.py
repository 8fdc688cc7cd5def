"""Open a hub: fetch its metadata, verify every signature, and only then believe its index."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import TargetFile
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from tk import InputError
from tk_hub.fetching import Cached, Fetcher
from tk_hub.files import sha256, write
from tk_hub.home import Home, Hub
from tk_hub.release import INDEX, Index, Release

_ROOT_MAX = UpdaterConfig().root_max_length
_MEANING: tuple[tuple[type[Exception], str], ...] = (
    (ExpiredMetadataError, "its signatures have expired: it is abandoned or somebody keeps you"
     " in the past; its owner must run tk hub renew"),
    (UnsignedMetadataError, "too few signatures by keys that you trust"),
    (BadVersionNumberError, "it is older than what you have seen, or mixes versions"),
    (LengthOrHashMismatchError, "a file is not the one that was signed"),
    (DownloadLengthMismatchError, "a file is larger than signed"),
    (DownloadError, "a file cannot be fetched"),
    (RepositoryError, "its metadata is not sound"),
)  # fmt: skip


@dataclass(frozen=True)
class OpenHub:
    """A hub whose index was verified.

    Attributes:
        hub: Which one.
        index: What it offers.
        wheels: Where fetched wheels are kept.
        is_offline: Fetch nothing.
    """

    hub: Hub
    index: Index
    wheels: Path
    is_offline: bool

    def fetch(self, release: Release) -> Path:
        """Return the wheel of `release`: as signed, from the cache or from the hub.

        Raises:
            InputError: What comes is not what was signed, or nothing comes.
        """
        path = self.wheels / release.sha256 / release.file
        if path.is_file() and sha256(path) == release.sha256:
            return path
        if self.is_offline:
            raise InputError(f"{release.file} was not fetched before; leave out --offline")
        signed = TargetFile(release.length, {"sha256": release.sha256}, release.target)
        url = f"{self.hub.url.rstrip('/')}/targets/{release.target}"
        with _explained(self.hub), Fetcher().download_file(url, release.length) as stream:
            signed.verify_length_and_hashes(stream)
            stream.seek(0)
            write(path, stream.read())
        return path


def open_hub(home: Home, hub: Hub, *, is_offline: bool = False) -> OpenHub:
    """Refresh and verify what `hub` says; offline, verify what was seen last.

    Raises:
        InputError: Anything is wrong with it; nothing that it said is then used.
    """
    state = home.state(hub)
    metadata, url = state / "metadata", hub.url.rstrip("/")
    fetcher: FetcherInterface = Cached(metadata) if is_offline else Fetcher()
    trusted = home.root(hub).read_bytes()
    if hashlib.sha256(trusted).hexdigest() != hub.fingerprint:
        raise InputError(f"the kept root of hub {hub.name!r} was changed (tk hub remove, add)")
    metadata.mkdir(parents=True, exist_ok=True)
    with FileLock(state / "lock"), _explained(hub):
        updater = Updater(
            str(metadata),
            f"{url}/metadata",
            target_dir=str(state),
            target_base_url=f"{url}/targets",
            fetcher=fetcher,
            bootstrap=trusted,
        )
        updater.refresh()
        target = updater.get_targetinfo(INDEX)
        if target is None:
            raise RepositoryError("it has no index")
        path = updater.find_cached_target(target) or updater.download_target(target)
        index = Index.from_bytes(Path(path).read_bytes())
    return OpenHub(hub, index, home.wheels, is_offline)


def fetch_root(url: str) -> tuple[bytes, str]:
    """Fetch a hub's first root, unverified, and its fingerprint.

    Raises:
        InputError: There is none.
    """
    hub = Hub("?", url, "")
    with _explained(hub):
        root = Fetcher().download_bytes(f"{url.rstrip('/')}/metadata/1.root.json", _ROOT_MAX)
    return root, hashlib.sha256(root).hexdigest()


@contextmanager
def _explained(hub: Hub) -> Iterator[None]:
    try:
        yield
    except (RepositoryError, DownloadError) as e:
        meaning = next(text for kind, text in _MEANING if isinstance(e, kind))
        name = hub.url if hub.name == "?" else f"{hub.name!r}"
        raise InputError(f"hub {name} is refused: {meaning} ({_innermost(e)})") from e


def _innermost(error: BaseException) -> str:
    while isinstance(error, DownloadError) and error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__

"""`tk hub init`, `publish`, `yank`, `renew` and `rotate-key`: what a hub's owner does."""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from filelock import FileLock
from packaging.version import InvalidVersion, Version

from tk import InputError, NotFoundError, UsageError
from tk_hub.checks import Known, inspect
from tk_hub.files import write
from tk_hub.keys import ROLES, create_key, load_keys
from tk_hub.names import check_name
from tk_hub.pages import write_pages
from tk_hub.release import Release
from tk_hub.repository import EXPIRY, Repository
from tk_hub.wheel import describe


def create_hub(
    folder: Path,
    keys: Path,
    *,
    counts: dict[str, int],
    thresholds: dict[str, int],
    days: dict[str, int] | None = None,
) -> Repository:
    """Make the keys and an empty hub.

    Args:
        folder: Of the hub; what will be served.
        keys: Where the keys are written; must lie outside `folder`.
        counts: How many keys each role gets; 1 where not given.
        thresholds: How many of them must sign; 1 where not given.
        days: How long signatures hold, where other than `EXPIRY`.

    Raises:
        UsageError: The keys would be served, exist already, or cannot meet a threshold.
    """
    if keys.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{keys} lies in {folder}, which is served to everybody (--keys)")
    if any(keys.rglob("*.pem")):
        raise UsageError(f"{keys} holds keys already; name an empty folder (--keys)")
    for role in ROLES:
        if not 1 <= thresholds.get(role, 1) <= counts.get(role, 1):
            raise UsageError(f"{role}: {thresholds[role]} of {counts.get(role, 1)} cannot sign")
    numbers = {role: range(counts.get(role, 1)) for role in ROLES}
    public = {role: [create_key(keys, role)[0] for _ in numbers[role]] for role in ROLES}
    signers = load_keys([keys])
    hub = Repository.create(folder, signers, public, thresholds, days={**EXPIRY, **(days or {})})
    write_pages(folder, hub.index())
    return hub


def publish(
    folder: Path, keys: Sequence[Path], wheel: Path, *, reserved: Collection[str] = ()
) -> Release:
    """Check `wheel`, put it into the hub and sign.

    Args:
        folder: Of the hub.
        keys: Folders of keys.
        wheel: The file.
        reserved: Names that no plugin may have or resemble.

    Raises:
        InputError: A check fails, or the version is published already.
        UsageError: Too few keys are at hand.
    """
    with _locked(folder):
        hub = Repository(folder, load_keys(keys))
        index = hub.index()
        checked = inspect(wheel, Known(plugins=list(index), reserved=reserved))
        release = describe(checked)
        there = index.releases(release.name)
        if any(old.file == release.file for old in there):
            raise InputError(f"{release.file} is published; a version never changes: raise it")
        destination = folder / "targets" / release.target
        write(destination, wheel.read_bytes())
        try:
            index = index.replace(release.name, [release, *there])
            hub.publish(index)
        except Exception:
            shutil.rmtree(destination.parent)
            raise
        write_pages(folder, index, changed=release.name)
    return release


def yank(folder: Path, keys: Sequence[Path], name: str, version: str, *, reason: str) -> None:
    """Mark every wheel of a version so that nobody installs it again; it stays downloadable.

    Raises:
        NotFoundError: There is no such release.
        UsageError: No reason is given.
    """
    if not reason:
        raise UsageError("say why nobody should install it (--reason)")
    with _locked(folder):
        hub = Repository(folder, load_keys(keys))
        index, name = hub.index(), check_name(name)
        releases = index.releases(name)
        if not releases:
            raise NotFoundError("plugin", name, index)
        try:
            yanked = [release for release in releases if release.order == Version(version)]
        except InvalidVersion as e:
            raise UsageError(f"{version!r} is no version") from e
        if not yanked:
            raise NotFoundError("version", version, [release.version for release in releases])
        marked = [replace(r, yanked=reason) if r in yanked else r for r in releases]
        index = index.replace(name, marked)
        hub.publish(index)
        write_pages(folder, index, changed=name)


def renew(folder: Path, keys: Sequence[Path]) -> None:
    """Sign what is published anew, before it expires; needs the online keys only."""
    with _locked(folder):
        Repository(folder, load_keys(keys)).renew()


def rotate_key(
    folder: Path, keys: Sequence[Path], role: str, *, old: str, new_in: Path
) -> tuple[str, str]:
    """Replace a key of `role`; return the ids of the old one and the new one.

    Args:
        folder: Of the hub.
        keys: Folders of the keys that sign.
        role: One of `ROLES`.
        old: The beginning of the id of the key to replace; may be empty where the role has one key.
        new_in: Folder of keys that the new one is written to.

    Raises:
        UsageError: The old key is not clear, or too few keys are at hand.
    """
    if role not in ROLES:
        raise NotFoundError("role", role, ROLES)
    with _locked(folder):
        known = Repository(folder, {}).root().roles[role].keyids
        found = [keyid for keyid in known if keyid.startswith(old)]
        if len(found) != 1:
            choices = ", ".join(keyid[:8] for keyid in known)
            raise UsageError(f"which key of {role}: {choices}? (--old, its first letters)")
        new, path = create_key(new_in, role)
        try:
            Repository(folder, load_keys([*keys, new_in])).rotate(role, new, found[0])
        except Exception:
            path.unlink()
            raise
    return found[0], new.keyid


def _locked(folder: Path) -> FileLock:
    if not (folder / "metadata").is_dir():
        raise InputError(f"{folder} holds no hub (tk hub init)")
    return FileLock(folder / ".lock")

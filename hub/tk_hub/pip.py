"""Ask pip: what would be installed, the wheels of it, and one installation without network.

pip alone can report a plan and download by hash; uv, where present, does the last step faster.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from tk import InputError
from tk_hub.environment import Environment
from tk_hub.files import sha256

_QUIET = ["--quiet", "--no-input", "--disable-pip-version-check"]
_WHEELS_ONLY = ["--only-binary", ":all:"]


@dataclass(frozen=True)
class Item:
    """A distribution that would be installed.

    Attributes:
        name: Normalised.
        version: As pip reports it.
        url: Where its wheel comes from; ``file://…`` for what a hub gave.
        sha256: Of the wheel.
    """

    name: str
    version: str
    url: str
    sha256: str


def resolve(
    environment: Environment, wheels: Sequence[str], *, links: Path, is_offline: bool
) -> list[Item]:
    """List what installing `wheels` would install, themselves and dependencies.

    Args:
        environment: Where they would be installed.
        wheels: Paths of wheels, perhaps with ``[extras]``.
        links: Folder of wheels that were downloaded before.
        is_offline: Look only there.

    Raises:
        InputError: The dependencies cannot be met with wheels.
    """
    source = ["--no-index", "--find-links", str(links)] if is_offline else []
    words = ["install", "--dry-run", "--report", "-", *_QUIET, *_WHEELS_ONLY, *source, *wheels]
    said = _pip(environment, words, "the dependencies cannot be met with wheels")
    return [_item(entry) for entry in json.loads(said)["install"]]


def download(environment: Environment, items: Sequence[Item], links: Path) -> dict[Path, str]:
    """Fetch the wheels of `items` into `links`; return each with the hash that was reported.

    Raises:
        InputError: One cannot be had, or is another.
    """
    links.mkdir(parents=True, exist_ok=True)
    missing = [item for item in items if item.sha256 not in _hashes(links)]
    if missing:
        words = ["download", "--no-deps", *_QUIET, *_WHEELS_ONLY, "--dest", str(links)]
        words += [f"{item.url}#sha256={item.sha256}" for item in missing]
        _pip(environment, words, "the wheels cannot be downloaded")
    have = _hashes(links)
    for item in items:
        if item.sha256 not in have:
            raise InputError(f"{item.name} {item.version} was not downloaded as planned")
    return {have[item.sha256]: item.sha256 for item in items}


def unpack(environment: Environment, wheels: Mapping[Path, str], prefix: Path) -> None:
    """Install `wheels` under `prefix`, laid out as in the environment; no network, no building.

    Args:
        environment: Whose layout is taken.
        wheels: Each with its SHA-256.
        prefix: A folder, which need not exist.

    Raises:
        InputError: One is not what its hash says, or cannot be installed here.
    """
    wanted = [f"{_name(path)} @ {path.as_uri()}#sha256={value}" for path, value in wheels.items()]
    common = ["--no-index", "--no-deps", "--quiet", "--prefix", str(prefix), *wanted]
    reason, uv = "the wheels cannot be unpacked", shutil.which("uv")
    if uv:
        words = [uv, "pip", "install", "--offline", "--python", str(environment.python)]
        _run([*words, *common], reason)
        (prefix / ".lock").unlink(missing_ok=True)  # uv's own, of no use once it has ended
    else:
        words = ["--isolated", "install", "--ignore-installed", "--no-compile", "--no-input"]
        words += ["--no-warn-script-location", "--disable-pip-version-check", *_WHEELS_ONLY]
        _pip(environment, [*words, *common], reason)


def _name(wheel: Path) -> str:
    return str(parse_wheel_filename(wheel.name)[0])


def _hashes(folder: Path) -> dict[str, Path]:
    return {sha256(path): path for path in folder.glob("*.whl")}


def _item(entry: dict[str, dict[str, dict[str, dict[str, str]]]]) -> Item:
    metadata, info = entry["metadata"], entry["download_info"]
    return Item(
        canonicalize_name(str(metadata["name"])),
        str(metadata["version"]),
        str(info["url"]),
        info["archive_info"]["hashes"]["sha256"],
    )


def _pip(environment: Environment, words: list[str], reason: str) -> str:
    # -P: a folder called pip where the user happens to stand is not run.
    return _run([str(environment.python), "-P", "-m", "pip", *words], reason)


def _run(words: list[str], reason: str) -> str:
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if ended.returncode:
        said = "\n".join(ended.stderr.strip().splitlines()[-6:])
        raise InputError(f"{reason}:\n{said}")
    return ended.stdout

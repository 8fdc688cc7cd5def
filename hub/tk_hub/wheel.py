"""Read a wheel without unpacking or importing anything of it."""

import tomllib
import zipfile
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.metadata import RawMetadata, parse_email
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from tk import InputError, Kind
from tk_hub.files import sha256
from tk_hub.names import package_of
from tk_hub.release import Release

LARGEST = 100 * 2**20
"""Of a wheel, in bytes; weights belong on a model hub."""
LARGEST_UNPACKED = 4 * LARGEST
_MANY = 20_000


@dataclass(frozen=True)
class Wheel:
    """What stands in a wheel.

    Attributes:
        path: The file.
        name: From the file name, normalised.
        version: From the file name.
        infos: The zip's entries.
        metadata: What pip reads of it.
        entry_points: Names to targets, by group.
        manifest: ``plugin.toml`` as it stands; empty where there is none.
    """

    path: Path
    name: str
    version: str
    infos: tuple[zipfile.ZipInfo, ...]
    metadata: RawMetadata
    entry_points: Mapping[str, Mapping[str, str]]
    manifest: str

    @property
    def package(self) -> str:
        """The one import package that it may bring."""
        return package_of(self.name)

    @property
    def files(self) -> list[str]:
        """Names of the zip's files, without its folders."""
        return [info.filename for info in self.infos if not info.is_dir()]

    def read(self, name: str) -> bytes:
        """Read one file; its size was limited when the wheel was opened."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)


def open_wheel(path: Path) -> Wheel:
    """Read the table of contents and the metadata of `path`.

    Raises:
        InputError: It is no wheel (an sdist, a folder, a damaged file), or larger than the limit.
    """
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path.name} is larger than {LARGEST >> 20} MiB")
        with zipfile.ZipFile(path) as archive:
            return _read(path, str(name), str(version), archive)
    except InvalidWheelFilename as e:
        raise InputError(f"{path.name} is no wheel (build one: python -m build --wheel)") from e
    except (OSError, zipfile.BadZipFile, KeyError, UnicodeDecodeError, ConfigError) as e:
        raise InputError(f"{path.name} cannot be read as a wheel: {e}") from e


def _read(path: Path, name: str, version: str, archive: zipfile.ZipFile) -> Wheel:
    infos = archive.infolist()
    if len(infos) > _MANY or sum(info.file_size for info in infos) > LARGEST_UNPACKED:
        raise InputError(f"{path.name} unpacks to more than {LARGEST_UNPACKED >> 20} MiB")
    folder = "-".join(path.name.split("-")[:2]) + ".dist-info"
    metadata, unknown = parse_email(archive.read(f"{folder}/METADATA"))
    if unknown:
        raise InputError(f"{path.name} has metadata that cannot be read: {', '.join(unknown)}")
    names = set(archive.namelist())
    points, manifest = f"{folder}/entry_points.txt", f"{package_of(name)}/plugin.toml"
    config = ConfigParser(delimiters=("=",), interpolation=None)
    config.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    config.read_string(archive.read(points).decode() if points in names else "")
    return Wheel(
        path=path,
        name=name,
        version=version,
        infos=tuple(infos),
        metadata=metadata,
        entry_points={group: dict(config[group]) for group in config.sections()},
        manifest=archive.read(manifest).decode() if manifest in names else "",
    )


def describe(wheel: Wheel) -> Release:
    """Make the index's entry for a wheel that passed the checks."""
    manifest: dict[str, Any] = tomllib.loads(wheel.manifest)
    metadata = wheel.metadata
    return Release(
        name=wheel.name,
        version=wheel.version,
        file=wheel.path.name,
        sha256=sha256(wheel.path),
        length=wheel.path.stat().st_size,
        api=manifest["api"],
        python=metadata.get("requires_python", ""),
        requires=metadata.get("requires_dist", []),
        summary=manifest.get("summary") or metadata.get("summary", ""),
        licence=metadata.get("license_expression") or metadata.get("license", ""),
        source=source_of(metadata),
        permissions=manifest.get("permissions", []),
        offers={k.section: sorted(manifest[k.section]) for k in Kind if manifest.get(k.section)},
        published=datetime.now(UTC).date().isoformat(),
    )


def source_of(metadata: RawMetadata) -> str:
    """Return where the code can be read, or an empty string."""
    urls = {label.lower(): url for label, url in metadata.get("project_urls", {}).items()}
    labels = ("source", "source code", "repository", "code", "homepage")
    found = next((urls[label] for label in labels if label in urls), "")
    return found or metadata.get("home_page", "")

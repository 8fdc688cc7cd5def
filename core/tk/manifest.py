"""Read a plugin's ``plugin.toml``: what it offers, without running any of its code."""

import importlib.util
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tk.discovery import Source
from tk.entries import NAME, TARGET, Entry, Kind
from tk.errors import PluginError
from tk.health import Problem
from tk.suggest import not_found

API = 1
"""Version of the contract between core and plugins; the one before is accepted too."""

_KINDS = {kind.section: kind for kind in Kind}
_KEYS = ("api", "summary", "extras", "permissions", *_KINDS)


@dataclass(frozen=True)
class Manifest:
    """A plugin as its ``plugin.toml`` describes it.

    Attributes:
        source: Where it was declared.
        folder: The package's folder.
        summary: One line for listings.
        extras: Extras of its distribution that bring its optional libraries.
        permissions: What it does beyond computing (``network``), as its author says.
        entries: Everything it offers.
        problems: Entries that could not be used, each with its reason.
    """

    source: Source
    folder: Path
    summary: str = ""
    extras: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = field(default=(), repr=False)

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        return self.source.name


def read_manifest(source: Source) -> Manifest:
    """Find and read the manifest of `source`.

    Raises:
        PluginError: The plugin as a whole cannot be used: bad name, missing package or manifest,
            bad TOML, or an api version that this core does not speak.
    """
    if not NAME.fullmatch(source.name):
        raise PluginError(f"plugin name {source.name!r} must match {NAME.pattern}")
    folder = _find_folder(source.package)
    try:
        text = (folder / "plugin.toml").read_bytes()
    except OSError as e:
        raise PluginError(f"cannot read {folder / 'plugin.toml'}: {e.strerror}") from e
    return parse_manifest(source, folder, text)


def parse_manifest(source: Source, folder: Path, text: bytes) -> Manifest:
    """Read a manifest that need not be installed.

    Args:
        source: Where it was declared.
        folder: The package's folder, for messages and for `Manifest.folder`.
        text: What ``plugin.toml`` holds.

    Raises:
        PluginError: Bad TOML, or an api version that this core does not speak.
    """
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise PluginError(f"{folder / 'plugin.toml'} is not valid TOML: {e}") from e
    _check_api(data.get("api"))
    return _manifest(source, folder, data)


def _find_folder(package: str) -> Path:
    # find_spec imports the parents of a dotted name, which would run a stranger's code.
    if "." in package:
        raise PluginError(f"package {package!r} must be top-level")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError) as e:
        raise PluginError(f"package {package!r} cannot be found: {e}") from e
    if spec is None or not spec.submodule_search_locations:
        raise PluginError(f"package {package!r} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def _check_api(api: object) -> None:
    if type(api) is not int or api not in (API, API - 1):
        raise PluginError(
            f"api is {api!r}, this core speaks {API} and {API - 1}; "
            f"update {'the plugin' if type(api) is not int or api < API else 'transformer-tk'}"
        )


def _manifest(source: Source, folder: Path, data: dict[str, Any]) -> Manifest:
    summary = data.get("summary", "")
    if not isinstance(summary, str):
        raise PluginError(f"summary must be a string, not {summary!r}")
    extras = _strings(data, "extras")
    found = list(_read_entries(source.name, extras, data))
    return Manifest(
        source=source,
        folder=folder,
        summary=summary,
        extras=extras,
        permissions=_strings(data, "permissions"),
        entries=tuple(item for item in found if isinstance(item, Entry)),
        problems=tuple(item for item in found if isinstance(item, Problem)),
    )


def _strings(data: dict[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise PluginError(f"{key} must be a list of strings, not {value!r}")
    return tuple(value)


def _read_entries(
    plugin: str, extras: tuple[str, ...], data: dict[str, Any]
) -> Iterator[Entry | Problem]:
    """Yield every entry, or the reason why it is none; one bad entry does not hide the others."""
    for section, table in data.items():
        if section not in _KEYS:
            yield Problem(plugin, not_found("manifest key", section, _KEYS))
        elif section in _KINDS and not isinstance(table, dict):
            yield Problem(plugin, f"{section} must be a table, not {table!r}")
        elif section in _KINDS:
            for name, fields in table.items():
                yield _read_entry(plugin, extras, _KINDS[section], name, fields)


def _read_entry(
    plugin: str, extras: tuple[str, ...], kind: Kind, name: str, fields: object
) -> Entry | Problem:
    where = f"[{kind.section}.{name}]"
    if not NAME.fullmatch(name):
        return Problem(plugin, f"{where}: the name must match {NAME.pattern}")
    if not isinstance(fields, dict):
        return Problem(plugin, f"{where} must be a table, not {fields!r}")
    rest = dict(fields)
    target = rest.pop("target", None)
    if not (isinstance(target, str) and TARGET.fullmatch(target)):
        return Problem(plugin, f"{where}: target must be 'module:attribute', not {target!r}")
    summary = rest.pop("help", None) or rest.pop("summary", "")
    if not isinstance(summary, str):
        return Problem(plugin, f"{where}: help must be a string, not {summary!r}")
    meta = {"extras": list(extras), **rest} if extras else rest
    return Entry(kind, name, target, summary=summary, plugin=plugin, meta=meta)

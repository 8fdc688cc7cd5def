"""The wheel, its metadata and its entry point speak of the same plugin."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Compare name and version, and ask for exactly one plugin."""
    name, version = wheel.metadata.get("name", ""), wheel.metadata.get("version", "")
    if canonicalize_name(name) != wheel.name:
        yield f"the metadata's name is {name!r}, the file's {wheel.name!r}"
    try:
        is_same = str(Version(version)) == wheel.version
    except InvalidVersion:
        is_same = False
    if not is_same:
        yield f"the metadata's version is {version!r}, the file's {wheel.version!r}"
    plugin = wheel.name.removeprefix("tk-")
    wanted = {plugin: wheel.package}
    if dict(wheel.entry_points.get("tk.plugins", {})) != wanted:
        yield f'the entry points of group "tk.plugins" must be {plugin} = "{wheel.package}" alone'

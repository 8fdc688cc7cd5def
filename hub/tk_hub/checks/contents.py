"""No file outside the plugin's own package; so nobody's module is replaced."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Allow the package's folder and the metadata's; no ``.data``, no second package."""
    info = "-".join(wheel.path.name.split("-")[:2]) + ".dist-info"
    allowed = {wheel.package, info}
    for top in sorted({PurePosixPath(name).parts[0] for name in wheel.files} - allowed):
        yield f"{top!r} lies outside the package {wheel.package!r}"
    if f"{wheel.package}/__init__.py" not in wheel.files:
        yield f"package {wheel.package!r} is missing (the plugin {wheel.name!r} must bring it)"

"""No file that Python runs when it starts, and none that takes no part in hashing."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel

_CUSTOM = {"sitecustomize", "usercustomize"}


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Refuse ``.pth``, ``sitecustomize`` and compiled Python."""
    for path in map(PurePosixPath, wheel.files):
        if path.suffix.lower() in (".pth", ".start") or path.stem in _CUSTOM:
            yield f"{path} would run whenever Python starts; leave it out"
        if path.suffix.lower() in (".pyc", ".pyo") or "__pycache__" in path.parts:
            yield f"{path} is compiled code that nobody can read; leave it out"

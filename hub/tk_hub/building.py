"""Build a plugin's folder into a wheel, with pip and the folder's own build backend."""

import subprocess
import sys
from pathlib import Path

from tk import InputError


def build(folder: Path, into: Path, *, is_isolated: bool = True) -> Path:
    """Build `folder` and return the wheel.

    Args:
        folder: Holds ``pyproject.toml``.
        into: Where the wheel is put.
        is_isolated: Fetch the build backend, as pip does; otherwise use the installed one.

    Raises:
        InputError: It cannot be built; the message ends with what the backend said.
    """
    words = [sys.executable, "-P", "-m", "pip", "wheel", "--no-deps", "--quiet", "--no-input"]
    isolation = [] if is_isolated else ["--no-build-isolation"]
    words += ["--disable-pip-version-check", *isolation, "--wheel-dir", str(into)]
    ended = subprocess.run(
        [*words, str(folder.resolve())], capture_output=True, text=True, check=False
    )
    wheels = list(into.glob("*.whl"))
    if ended.returncode or len(wheels) != 1:
        said = "\n".join(ended.stderr.strip().splitlines()[-5:])
        raise InputError(f"{folder} cannot be built into a wheel:\n{said}")
    return wheels[0]

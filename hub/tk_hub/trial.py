"""Load plugins before they are installed, in a subprocess that may fail as it likes."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tk import PluginError
from tk_hub import loading
from tk_hub.environment import Environment

_PATIENCE = 300


def try_plugins(environment: Environment, folder: Path, packages: Mapping[str, str]) -> None:
    """Load the plugins that lie in `folder`.

    Args:
        environment: Whose interpreter runs them.
        folder: A ``site-packages`` that goes before the environment's own.
        packages: Plugin's name to import package.

    Raises:
        PluginError: One raises, ends the process, or takes longer than five minutes.
    """
    pairs = [f"{name}={package}" for name, package in packages.items()]
    # -I: neither the working folder nor PYTHONPATH is searched. -B: no compiled files are left.
    # A script, not a module: what tk_hub itself imports need not be loaded there.
    words = [str(environment.python), "-I", "-B", loading.__file__, str(folder), *pairs]
    try:
        ended = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as e:
        raise PluginError(f"loading {', '.join(packages)} takes over {_PATIENCE} s") from e
    if ended.returncode or not ended.stdout.rstrip().endswith(loading.DONE):
        said = (ended.stderr or ended.stdout).strip().splitlines()[-3:]
        reason = "\n".join(said) or f"the process ended with {ended.returncode}"
        raise PluginError(f"nothing was installed: {reason}")

"""Import plugins and load all that they offer, in a process of its own: ``python -m tk_hub.trial``.

Called with the folder that holds them and ``name=package`` for each; exits with 1 and says what
failed. A missing optional library is no failure: the user may add it later.
"""

import importlib
import site
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tk import Catalogue, Kind, MissingExtraError, PluginError, Source, TkError
from tk_hub.environment import Environment

_PATIENCE = 300
_DONE = "every plugin was loaded"


def try_plugins(environment: Environment, folder: Path, packages: Mapping[str, str]) -> None:
    """Load the plugins that lie in `folder`, in a subprocess.

    Args:
        environment: Whose interpreter runs them.
        folder: A ``site-packages`` that goes before the environment's own.
        packages: Plugin's name to import package.

    Raises:
        PluginError: One raises, ends the process, or takes longer than five minutes.
    """
    pairs = [f"{name}={package}" for name, package in packages.items()]
    # -I: neither the working folder nor PYTHONPATH is searched. -B: no compiled files are left.
    words = [str(environment.python), "-I", "-B", "-m", "tk_hub.trial", str(folder), *pairs]
    try:
        ended = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as e:
        raise PluginError(f"loading {', '.join(packages)} takes over {_PATIENCE} s") from e
    if ended.returncode or not ended.stdout.rstrip().endswith(_DONE):
        said = (ended.stderr or ended.stdout).strip().splitlines()[-3:]
        reason = "\n".join(said) or f"the process ended with {ended.returncode}"
        raise PluginError(f"nothing was installed: {reason}")


def main(folder: str, *pairs: str) -> int:
    """Load everything and say what fails."""
    sys.path.insert(0, folder)
    site.addsitedir(folder)  # also runs the .pth files of dependencies, as the next start will
    importlib.invalidate_caches()
    sources = [Source(*pair.split("=")) for pair in pairs]
    catalogue = Catalogue(sources)
    faults = []
    for entry in [entry for kind in Kind for entry in catalogue.entries(kind)]:
        try:
            entry.load()
        except MissingExtraError:
            pass
        except TkError as e:
            faults.append(e.message)
    for source in sources:
        try:
            importlib.import_module(source.package)
        except (Exception, SystemExit) as e:  # a stranger's code: it may raise anything
            faults.append(f"plugin {source.name!r} cannot be imported: {type(e).__name__}: {e}")
    faults += map(str, catalogue.problems)
    print("\n".join(faults), file=sys.stderr)
    print("" if faults else _DONE)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

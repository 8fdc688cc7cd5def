"""Load plugins and all that they offer: a script that `tk_hub.trial` runs in its own process.

Called with the folder that holds them and ``name=package`` for each; exits with 1 and says what
failed. A missing optional library is no failure: the user may add it later.
"""

import importlib
import site
import sys
from collections.abc import Iterator

from tk import Catalogue, Kind, MissingExtraError, Source, TkError

DONE = "every plugin was loaded"


def main(folder: str, *pairs: str) -> int:
    """Load everything and say what fails."""
    sys.path.insert(0, folder)
    site.addsitedir(folder)  # also runs the .pth files of dependencies, as the next start will
    importlib.invalidate_caches()
    faults = list(_faults([Source(*pair.split("=")) for pair in pairs]))
    print("\n".join(faults), file=sys.stderr)
    print("" if faults else DONE)
    return 1 if faults else 0


def _faults(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        try:
            importlib.import_module(source.package)
        except (Exception, SystemExit) as e:  # a stranger's code: it may raise anything
            yield f"plugin {source.name!r} cannot be imported: {type(e).__name__}: {e}"
    catalogue = Catalogue(sources)
    for entry in [entry for kind in Kind for entry in catalogue.entries(kind)]:
        try:
            entry.load()
        except MissingExtraError:
            continue
        except TkError as e:
            yield e.message
    yield from map(str, catalogue.problems)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Print constraints.txt: the exact versions, in this environment, of all that we depend on.

Run it in an environment whose tests pass: ``python scripts/freeze.py > constraints.txt``
"""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

OWN = "transformer-tk"


def canonical(name: str) -> str:
    """Write a distribution's name the one way that PyPI compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def direct() -> list[Requirement]:
    """List what pyproject.toml asks for, extras and build included."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    lines = [*tomllib.loads(text)["build-system"]["requires"], *(r for g in groups for r in g)]
    return [Requirement(line) for line in lines]


def is_needed(requirement: Requirement, extras: set[str]) -> bool:
    """Evaluate the requirement's marker for the extras that were asked for."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": e}) for e in extras | {""})


def main() -> None:
    """Walk the tree of requirements from ours to the leaves, and print every version."""
    pins: dict[str, str] = {}
    queue = [(requirement, set[str]()) for requirement in direct()]
    seen = set()
    while queue:
        requirement, extras = queue.pop()
        name = canonical(requirement.name)
        key = (name, frozenset(requirement.extras))
        if name == OWN or key in seen or not is_needed(requirement, extras):
            continue
        seen.add(key)
        found = distribution(name)
        pins[name] = found.version.partition("+")[0]  # torch's +cpu names a build, not a version
        queue += [(Requirement(line), requirement.extras) for line in found.requires or ()]
    print("# The exact versions that the tests passed with; made by scripts/freeze.py.")
    for name in sorted(pins):
        print(f"{name}=={pins[name]}")


main()

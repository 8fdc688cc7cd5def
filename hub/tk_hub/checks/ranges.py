"""The wheel says which Python and which toolkit it works with."""

from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from tk_hub.checks.subject import Known
from tk_hub.names import CORE
from tk_hub.wheel import Wheel


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Ask for ``Requires-Python`` and a range of `CORE`; refuse dependencies by address."""
    try:
        python = SpecifierSet(wheel.metadata.get("requires_python", ""))
        needed = [Requirement(line) for line in wheel.metadata.get("requires_dist", [])]
    except (InvalidSpecifier, InvalidRequirement) as e:
        yield f"the metadata has a bad range: {e}"
        return
    if not python:
        yield 'requires-python is missing (like requires-python = ">=3.11")'
    if not any(canonicalize_name(r.name) == CORE and r.specifier for r in needed):
        yield f'the dependency on the toolkit is missing (like "{CORE}>=0.1")'
    for requirement in needed:
        if requirement.url:
            yield f"dependency {str(requirement)!r} names an address; name a version range"

"""A plugin's name begins with ``tk-`` and cannot be mistaken for another's."""

from collections.abc import Iterator

from tk_hub.checks.subject import Known
from tk_hub.names import LONGEST, is_plugin, lookalikes
from tk_hub.wheel import Wheel


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Refuse the toolkit's own names and those one letter away from another."""
    if not is_plugin(wheel.name):
        yield f"name {wheel.name!r} must be 'tk-' and words of a-z, 0-9 ({LONGEST} at most)"
    if wheel.name in known.reserved:
        yield f"name {wheel.name!r} belongs to the toolkit itself"
    near = lookalikes(wheel.name, {*known.plugins, *known.reserved})
    if near:
        yield f"name {wheel.name!r} is easily mistaken for {', '.join(map(repr, near))}"

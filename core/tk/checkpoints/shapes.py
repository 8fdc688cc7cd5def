"""Read sizes off tensor names: what `Model.config_from_state_dict` is written with."""

import re
from collections.abc import Iterable


def count(names: Iterable[str], pattern: str) -> int:
    """Count the different values of ``*`` among the names like `pattern`.

    ``count(tensors, "blocks.*.norm1.weight")`` is the depth. A ``*`` stands for one part of a name,
    without dots; with several, their combinations are counted.

    Raises:
        KeyError: There is none: the tensors are another model's.
    """
    parts = [r"([^.]+)" if part == "*" else re.escape(part) for part in pattern.split(".")]
    regex = re.compile(r"\.".join(parts))
    found = {match.groups() for name in names if (match := regex.fullmatch(name))}
    if not found:
        raise KeyError(pattern)
    return len(found)

"""Near names: what somebody who typed ``foo`` probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_FEW = 8
_CUTOFF = 0.6
"""difflib's own default; low enough for a dropped or doubled letter in a five-letter name."""


def nearest(name: str, options: Iterable[str]) -> str | None:
    """Return the option most like `name`, ignoring case, or None where nothing is near."""
    by_lower: dict[str, str] = {}
    for option in options:
        by_lower.setdefault(option.lower(), option)
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=_CUTOFF)
    return by_lower[close[0]] if close else None


def not_found(kind: str, name: str, options: Iterable[str], *, where: str = "") -> str:
    """Say that `name` does not exist and what is near.

    Args:
        kind: What the name names (``model``, ``column``).
        name: The name that was asked for.
        options: The names that exist. Where none is near and they are few, all are listed.
        where: The command that lists them, put at the end in brackets.
    """
    known = list(options)
    message = f"{kind} {name!r} not found"
    near = nearest(name, known)
    if near is not None:
        message += f"; did you mean {near!r}?"
    elif 0 < len(known) <= _FEW:
        message += f"; there is {', '.join(map(repr, known))}"
    return f"{message} ({where})" if where else message

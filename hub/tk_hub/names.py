"""Names of plugins: what is allowed, and which two can be mistaken for each other."""

import re
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from tk import InputError

PLUGIN = re.compile(r"tk-[a-z0-9]+(-[a-z0-9]+)*")
LONGEST = 64
CORE = "transformer-tk"


def check_name(name: str) -> str:
    """Return `name` as pip compares it.

    Raises:
        InputError: It is no name of a plugin: ``tk-`` and then letters, digits, single hyphens.
    """
    normal = canonicalize_name(name)
    if not is_plugin(normal) or not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise InputError(f"{name!r} is no plugin's name; it must be like 'tk-word' or 'tk-a-b2'")
    return normal


def is_plugin(name: str) -> bool:
    """Tell whether `name` is one that only hubs may give."""
    return len(name) <= LONGEST and PLUGIN.fullmatch(name) is not None


def package_of(name: str) -> str:
    """Return the one import package that the plugin `name` may bring."""
    return name.replace("-", "_")


def lookalikes(name: str, others: Iterable[str]) -> list[str]:
    """List the other names that one slip of the finger away from `name` would reach."""
    return sorted(other for other in set(others) if other != name and is_near(name, other))


def is_near(a: str, b: str) -> bool:
    """Tell whether inserting, dropping, changing or swapping one letter makes `a` into `b`."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if start is None:
        return True
    a, b = a[start:], b[start:]
    is_swap = a[:2] == b[1::-1] and a[2:] == b[2:]
    return is_swap or a[1:] == b[1:] or a[1:] == b or a == b[1:]

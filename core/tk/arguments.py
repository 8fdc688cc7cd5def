"""Check named arguments against what takes them, before anything heavy runs."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tk.errors import NotFoundError, UsageError

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def check_arguments(what: str, target: Callable[..., object], given: Mapping[str, Any]) -> None:
    """See that `target` takes every name in `given` and that nothing it needs is missing.

    Args:
        what: Who asks, as the message says it (``model 'vit-tiny'``).
        target: A function or a class.
        given: The arguments, by name.

    Raises:
        NotFoundError: It does not take one of them; the nearest that it takes is suggested.
        UsageError: It needs another one.
    """
    named = _named(target)
    if not _takes_any(target):
        check_names(what, given, named)
    missing = [n for n, p in named.items() if p.default is p.empty and n not in given]
    if missing:
        raise UsageError(f"{what} needs {', '.join(f'{name}=…' for name in missing)}")


def check_names(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """See that `what` has every option in `given`.

    Raises:
        NotFoundError: It lacks one; the nearest that it has is suggested.
    """
    options = list(known)
    for name in given:
        if name not in options:
            raise NotFoundError(f"{what}: option", name, options)


def accepts(target: Callable[..., object], name: str) -> bool:
    """Say whether `target` takes an argument of that name."""
    return name in _named(target) or _takes_any(target)


def _named(target: Callable[..., object]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(target).parameters.values()
    return {p.name: p for p in parameters if p.kind in _NAMED}


def _takes_any(target: Callable[..., object]) -> bool:
    parameters = inspect.signature(target).parameters.values()
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)

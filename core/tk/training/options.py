"""Make a frozen configuration from what a file or a command line says."""

import types
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tk.arguments import check_arguments
from tk.errors import UsageError

C = TypeVar("C")


def configured(cls: type[C], given: Mapping[str, Any], *, what: str) -> C:
    """Build the dataclass `cls` from `given`, whose names and types are checked first.

    Args:
        cls: A dataclass that checks values itself.
        given: By field name; lists for tuples and integers for floats are fine.
        what: Who asks, for messages (``[fit]``).

    Raises:
        NotFoundError: A name is no field; the nearest is suggested.
        UsageError: A value has another type, or a field without default is missing.
    """
    check_arguments(what, cls, given)
    hints = get_type_hints(cls)
    known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    return cls(**{n: _typed(what, n, v, hints[n]) for n, v in given.items() if n in known})


def _typed(what: str, name: str, value: object, hint: Any) -> object:  # noqa: ANN401 - an annotation
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    for option in options:
        kind = get_origin(option) or option
        if kind is tuple and isinstance(value, list | tuple):
            return tuple(value)
        if kind is float and type(value) is int:
            return float(value)
        is_choice = kind is Literal and isinstance(value, str)  # the class names the nearest
        if is_choice or (isinstance(kind, type) and type(value) is kind):
            return value
    wanted = getattr(hint, "__name__", str(hint))
    raise UsageError(f"{what}: {name} is {value!r}, must be {wanted}")

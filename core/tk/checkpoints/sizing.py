"""Complete what tensor shapes say about a model by the variant that has the same shapes."""

from collections.abc import Mapping
from typing import Any

from tk.errors import UsageError

Options = Mapping[str, Any]


def complete(seen: Options, given: Options, variants: Mapping[str, Options]) -> dict[str, Any]:
    """Return the options of the model that a checkpoint needs.

    Shapes do not show everything: the number of heads, a window's shift, a value range. What they
    leave open comes from the variants that agree with all they do show, if these agree among
    themselves; what is still open is left to the defaults of the model's class.

    Args:
        seen: What the shapes say.
        given: What the caller says, which wins.
        variants: What every variant says, by name.

    Raises:
        UsageError: The variants that fit differ in something that shapes do not show.
    """
    known = {**seen, **given}
    fitting = {name: v for name, v in variants.items() if _agrees(v, known)}
    merged: dict[str, Any] = {}
    for name, variant in fitting.items():
        for option, value in variant.items():
            if option not in known and merged.setdefault(option, value) != value:
                raise UsageError(
                    f"the checkpoint fits variants {', '.join(map(repr, fitting))}, which differ "
                    f"in what tensors do not show; say {option}=… ({name!r} has {value!r})"
                )
    return {**merged, **known}


def _agrees(variant: Options, known: Options) -> bool:
    return all(plain(known[o]) == plain(v) for o, v in variant.items() if o in known)


def plain(value: object) -> object:
    """Return tuples as lists, so that what JSON gives back compares equal."""
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value

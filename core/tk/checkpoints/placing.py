"""Put tensors into a model so that every one lands or is named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tk.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

_SHOWN = 6
"""Names of each fault in a message; the count says how many more."""


def place(
    model: nn.Module, tensors: Mapping[str, Tensor], *, where: str, fresh: Collection[str] = ()
) -> None:
    """Copy `tensors`, under the model's names, into `model`; check all before changing any.

    Args:
        model: What they belong to.
        tensors: By name; the model's own dtype and device stay.
        where: The file, for messages.
        fresh: Patterns of tensors that keep the model's present values (``head.*``); such tensors
            of the checkpoint are left out, whether the model has them or not.

    Raises:
        InputError: A tensor of either side has no counterpart or another shape.
    """
    own = model.state_dict(keep_vars=True)
    kept = {n for n in [*own, *tensors] if any(fnmatchcase(n, pattern) for pattern in fresh)}
    tensors = {name: t for name, t in tensors.items() if name not in kept}
    # Tied tensors are one: it is enough that one of their names is there.
    filled = {id(own[name]) for name in tensors.keys() & own.keys()}
    missing = [n for n, t in own.items() if n not in kept | tensors.keys() and id(t) not in filled]
    unknown = [name for name in tensors if name not in own]
    misshapen = [
        f"{name} {tuple(t.shape)} for {tuple(own[name].shape)}"
        for name, t in tensors.items()
        if name in own and t.shape != own[name].shape
    ]
    faults = [*_fault("missing", missing), *_fault("not used", unknown)]
    faults += _fault("of another shape", misshapen)
    if faults:
        name = type(model).__name__
        raise InputError(f"{where} does not fit {name}: {'; '.join(faults)}")
    model.load_state_dict(dict(tensors), strict=False)


def _fault(what: str, names: list[str]) -> Iterable[str]:
    if names:
        more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"{len(names)} {what}: {', '.join(names[:_SHOWN])}{more}"

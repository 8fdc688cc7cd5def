"""From a reference implementation's tensor names to ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tk.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

Renames = Sequence[tuple[str, str | None]]
"""Regular expressions and what replaces them, applied to every name one after the other.

``None`` leaves a tensor out, for buffers that we compute and for parameters that nothing uses.
"""


def rename(tensors: Mapping[str, Tensor], renames: Renames) -> dict[str, Tensor]:
    r"""Return the tensors under our names.

    ``(r"^blocks\.(\d+)\.attn\.", r"layers.\1.attention.")`` replaces where it matches and leaves
    other names alone.

    Raises:
        InputError: Two tensors get one name.
    """
    found: dict[str, Tensor] = {}
    origin: dict[str, str] = {}
    for theirs, tensor in tensors.items():
        ours = new_name(theirs, renames)
        if ours is None:
            continue
        if ours in found:
            raise InputError(f"tensors {origin[ours]!r} and {theirs!r} would both become {ours!r}")
        found[ours], origin[ours] = tensor, theirs
    return found


def new_name(name: str, renames: Renames) -> str | None:
    """Return our name for a reference's tensor; None if it is left out."""
    for pattern, ours in renames:
        if ours is None:
            if re.search(pattern, name):
                return None
        else:
            name = re.sub(pattern, ours, name)
    return name

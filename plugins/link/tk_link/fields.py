"""A field: one column of each table, taken to mean the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

FieldType = Literal[
    "text", "name", "org", "address", "code", "email", "phone", "number", "date", "geo", "category"
]
FIELD_TYPES: tuple[str, ...] = get_args(FieldType)


@dataclass(frozen=True)
class Field:
    """One compared column pair.

    Attributes:
        left: Column name in the left table, or how it is made (`tk_link.computed`).
        right: Column name in the right table.
        type: How values are normalised and compared.
        why: How the two columns were found to belong together: ``given``, ``same name``,
            ``similar name``, ``same values``, ``joined columns`` or ``similar content``.
        weight: Multiplier on the field's evidence.
    """

    left: str
    right: str
    type: FieldType
    why: str = "given"
    weight: float = 1.0

    @property
    def label(self) -> str:
        """Return ``name``, or ``left=right`` where the names differ."""
        return self.left if self.left == self.right else f"{self.left}={self.right}"

"""Hard rules on candidate pairs: values that must agree, and values that must not disagree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.candidates import Pairs, agree
from tk_link.fields import Field
from tk_link.tables import Table


def field_of(column: str, fields: Sequence[Field], option: str) -> Field:
    """Return the compared field that a rule names by its left or right column.

    Raises:
        InputError: The column has no counterpart, so no rule can be checked on it.
    """
    for field in fields:
        if column in (field.left, field.right):
            return field
    compared = ", ".join(field.label for field in fields)
    raise InputError(
        f"{option} names column '{column}', which is not compared (compared: {compared}); "
        "add it to --on as 'left=right'"
    )


def allowed(
    left: Table,
    right: Table,
    pairs: Pairs,
    *,
    require: Sequence[Field],
    forbid_conflict: Sequence[Field],
) -> NDArray[np.bool_]:
    """Tell which pairs obey the rules; a missing value fails ``require`` but is no conflict."""
    out = np.ones(len(pairs), dtype=bool)
    for field, missing_is_fine in (
        *((field, False) for field in require),
        *((field, True) for field in forbid_conflict),
    ):
        out &= agree(left, right, field, pairs).fill_null(missing_is_fine).to_numpy()
    return out

"""Term frequency: agreeing on a rare value says more than agreeing on a common one.

Fellegi & Sunter 1969 (method I) and Winkler 1988 weigh an agreement by the value's frequency. Here
it is a feature of its own, known only where two values agree, so that its evidence is what the
frequency adds to the agreement that another feature has told already.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.candidates import Pairs

_LEAST_REPEATED = 0.05
"""Share of rows whose value others share too, below which all values are rare alike."""


def rarity(left: pl.Series, right: pl.Series, pairs: Pairs) -> NDArray[np.float32] | None:
    """Return how rare the value is that both rows hold, NaN where they hold none or not the same.

    1 for a value that one row in all holds, 0 for one that all do, logarithmic between. None where
    hardly any value repeats within a table.
    """
    both = pl.concat([left, right])
    counted = pl.DataFrame({"value": both}).with_columns(n=pl.len().over("value"))
    known = counted["value"].is_not_null().to_numpy()
    counts = counted["n"].to_numpy().astype(np.float64)
    if not known.any() or float((counts[known] > 2).mean()) < _LEAST_REPEATED:
        return None
    rare = 1.0 - np.log(counts / 2.0 + 0.5) / np.log(max(np.count_nonzero(known) / 2.0, 2.0))
    codes = both.rank("dense").to_numpy()
    a, b = codes[: len(left)][pairs.left], codes[len(left) :][pairs.right]
    out = np.where(a == b, np.clip(rare[: len(left)][pairs.left], 0.0, 1.0), np.nan)
    return out.astype(np.float32)

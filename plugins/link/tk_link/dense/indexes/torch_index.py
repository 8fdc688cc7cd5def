"""Exact nearest neighbours with torch: products in chunks, on the processor or a GPU."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tk.protocols import Metric
from tk_link.dense.metrics import padded, prepared

Vectors = NDArray[np.float32]

_CPU_PRODUCTS, _GPU_PRODUCTS = 1 << 24, 1 << 28
"""Scores held at a time: 64 MB, or 1 GB on a GPU."""

_log = logging.getLogger(__name__)


@dataclass
class TorchIndex:
    """Vectors as one tensor.

    Attributes:
        reason: What it is, in words.
        dim: Length of the vectors.
        rows: Their number.
    """

    reason: str
    dim: int
    rows: int
    metric: Metric
    vectors: Tensor

    def search(self, queries: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """Return scores and row numbers of the `k` nearest, best first: ``(n, k)`` each.

        Scores are cosines, dot products or negative Euclidean distances. Where the GPU's memory
        does not suffice the processor searches, and the log says so.

        Raises:
            InputError: The queries have another dimension or values that are not finite.
        """
        queries = prepared(queries, self.metric, dim=self.dim)
        try:
            return self._search(queries, k)
        except torch.OutOfMemoryError:
            if self.vectors.device.type == "cpu":
                raise
        _log.warning("GPU out of memory while searching; the processor takes over")
        self.vectors = self.vectors.cpu()
        torch.cuda.empty_cache()
        return self._search(queries, k)

    def _search(self, queries: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        top = min(k, self.rows)
        scores = np.empty((len(queries), top), dtype=np.float32)
        rows = np.empty((len(queries), top), dtype=np.int64)
        device = self.vectors.device
        most = _CPU_PRODUCTS if device.type == "cpu" else _GPU_PRODUCTS
        step = max(1, most // max(1, self.rows))
        with torch.inference_mode():
            for start in range(0, len(queries) if top else 0, step):
                chunk = torch.from_numpy(queries[start : start + step]).to(device)
                best = torch.topk(self._scores(chunk), top, dim=1)
                scores[start : start + step] = best.values.cpu().numpy()
                rows[start : start + step] = best.indices.cpu().numpy()
        return padded(scores, rows, k)

    def _scores(self, queries: Tensor) -> Tensor:
        if self.metric == "euclidean":
            return -torch.cdist(queries, self.vectors)
        return queries @ self.vectors.T


class TorchBackend:
    """Keeps vectors in torch and compares all of them."""

    def __init__(self, *, device: str | None = None) -> None:
        """Choose the device: ``cpu``, ``cuda``, …; None uses a GPU where there is one."""
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")

    def build(self, vectors: Vectors, *, metric: Metric) -> TorchIndex:
        """Index `vectors`, ``(n, dim)``.

        Raises:
            InputError: They are no matrix or hold values that are not finite.
        """
        vectors = prepared(vectors, metric)
        rows, dim = vectors.shape
        kept = torch.from_numpy(vectors)
        device = self._device
        try:
            kept = kept.to(device)
        except torch.OutOfMemoryError:
            _log.warning("GPU out of memory for %s vectors; the processor searches", f"{rows:,}")
            device = "cpu"
        return TorchIndex(f"{rows:,} vectors: all compared ({device})", dim, rows, metric, kept)

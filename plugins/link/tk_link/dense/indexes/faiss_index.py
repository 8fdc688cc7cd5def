"""Nearest neighbours with faiss: exact for few vectors, approximate for many, on a GPU if any."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tk.protocols import Metric
from tk_link.dense.indexes.sizes import IndexPlan, Structure, plan_index, plan_lists
from tk_link.dense.metrics import padded, prepared

Vectors = NDArray[np.float32]

_LINKS, _BUILD_WIDTH, _SEARCH_WIDTH = 32, 80, 64
_CODE_BYTES = 128
"""Bytes a compressed vector takes, or fewer: the length must be divisible by them."""
_TRAINED_ON = 64
"""Training rows for each centroid; more cost time and find no more."""
_LEAST_ROWS = 256
"""Compression learns a code book of this size; with fewer rows all are compared."""
_BLOCK = 16_384
"""Queries searched together; bounds what a GPU must hold."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FaissIndex:
    """Vectors in a faiss index.

    Attributes:
        reason: Which index it is and why.
        dim: Length of the vectors.
        rows: Their number.
    """

    reason: str
    dim: int
    rows: int
    metric: Metric
    index: Any  # faiss has no type information

    def search(self, queries: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """Return scores and row numbers of the `k` nearest, best first: ``(n, k)`` each.

        Scores are cosines, dot products or negative Euclidean distances. Where fewer than `k` rows
        are found the row number is -1.

        Raises:
            InputError: The queries have another dimension or values that are not finite.
        """
        queries = prepared(queries, self.metric, dim=self.dim)
        top = min(k, self.rows)
        scores = np.empty((len(queries), top), dtype=np.float32)
        rows = np.full((len(queries), top), -1, dtype=np.int64)
        for start in range(0, len(queries) if top else 0, _BLOCK):
            stop = start + _BLOCK
            scores[start:stop], rows[start:stop] = self.index.search(queries[start:stop], top)
        if self.metric == "euclidean":  # faiss gives squares
            scores = -np.sqrt(np.maximum(scores, 0))
        return padded(scores, rows, k)


class FaissBackend:
    """Builds faiss indexes.

    Same vectors, same index: k-means is seeded, and graphs are built by one thread.
    """

    def __init__(self, structure: Structure | None = None, *, device: str | None = None) -> None:
        """Choose how to search.

        Args:
            structure: Which index; None chooses by size.
            device: ``cpu`` to leave a GPU alone; None uses one where faiss-gpu and a device are.
        """
        self._structure = structure
        self._device = device

    def build(self, vectors: Vectors, *, metric: Metric) -> FaissIndex:
        """Index `vectors`, ``(n, dim)``.

        Raises:
            InputError: They are no matrix or hold values that are not finite.
        """
        vectors = prepared(vectors, metric)
        rows, dim = vectors.shape
        wants_gpu = self._device != "cpu" and _gpus() > 0
        if wants_gpu:
            plan = self._plan(rows, dim, gpu=True)
            if (index := _filled_on_gpu(plan, vectors, metric)) is not None:
                return FaissIndex(f"{plan.reason} (GPU)", dim, rows, metric, index)
        plan = self._plan(rows, dim, gpu=False)
        index = _filled(_empty(plan, dim, metric), vectors)
        return FaissIndex(plan.reason, dim, rows, metric, index)

    def _plan(self, rows: int, dim: int, *, gpu: bool) -> IndexPlan:
        plan = plan_index(rows, dim, gpu=gpu)
        if self._structure is None or self._structure == plan.structure or rows < _LEAST_ROWS:
            return plan
        lists = plan_lists(rows, dim) if self._structure.startswith("ivf") else plan
        reason = f"{rows:,} vectors: {self._structure} was asked for"
        return IndexPlan(self._structure, reason, lists.lists, lists.probes)


def _gpus() -> int:
    import faiss  # noqa: PLC0415 - half a second

    return int(faiss.get_num_gpus()) if hasattr(faiss, "StandardGpuResources") else 0


def _empty(plan: IndexPlan, dim: int, metric: Metric) -> Any:  # noqa: ANN401 - faiss is untyped
    import faiss  # noqa: PLC0415

    measure = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    if plan.structure == "flat":
        return faiss.IndexFlat(dim, measure)
    if plan.structure == "hnsw":
        graph = faiss.IndexHNSWFlat(dim, _LINKS, measure)
        graph.hnsw.efConstruction = _BUILD_WIDTH
        graph.hnsw.efSearch = _SEARCH_WIDTH
        return graph
    coarse = faiss.IndexFlat(dim, measure)
    if plan.structure == "ivf":
        lists: Any = faiss.IndexIVFFlat(coarse, dim, plan.lists, measure)
    else:
        parts = next(n for n in range(min(_CODE_BYTES, dim), 0, -1) if dim % n == 0)
        lists = faiss.IndexIVFPQ(coarse, dim, plan.lists, parts, 8, measure)
        lists.pq.cp.max_points_per_centroid = _TRAINED_ON
    lists.nprobe = plan.probes
    lists.cp.max_points_per_centroid = _TRAINED_ON
    return lists


def _filled(index: Any, vectors: Vectors) -> Any:  # noqa: ANN401 - faiss is untyped
    import faiss  # noqa: PLC0415

    if not index.is_trained:
        index.train(vectors)
    if not isinstance(index, faiss.IndexHNSW):
        index.add(vectors)
        return index
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # with more, the graph depends on which thread came first
    try:
        index.add(vectors)
    finally:
        faiss.omp_set_num_threads(threads)
    return index


def _filled_on_gpu(plan: IndexPlan, vectors: Vectors, metric: Metric) -> Any:  # noqa: ANN401
    """Return the index on the first GPU, or None, with a message, where it does not fit."""
    import faiss  # noqa: PLC0415

    if plan.structure == "hnsw":  # there is none for GPUs
        return None
    try:
        empty = _empty(plan, vectors.shape[1], metric)
        return _filled(faiss.index_cpu_to_gpus_list(empty, gpus=[0]), vectors)
    except RuntimeError as e:  # faiss has no error of its own for memory
        reason = next(iter(str(e).splitlines()), "")[-120:]
        _log.warning("the GPU cannot hold the index (%s); the processor searches", reason)
        return None

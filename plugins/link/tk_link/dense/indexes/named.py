"""The index backends under the names that ``tk backends`` lists."""

from __future__ import annotations

from tk_link.dense.indexes.faiss_index import FaissBackend


def flat(*, device: str | None = None) -> FaissBackend:
    """Compare all vectors, exactly."""
    return FaissBackend("flat", device=device)


def hnsw(*, device: str | None = None) -> FaissBackend:
    """Walk a graph of near vectors."""
    return FaissBackend("hnsw", device=device)


def ivf(*, device: str | None = None) -> FaissBackend:
    """Look into the nearest of many lists."""
    return FaissBackend("ivf", device=device)


def ivfpq(*, device: str | None = None) -> FaissBackend:
    """Look into the nearest of many lists of compressed vectors."""
    return FaissBackend("ivfpq", device=device)

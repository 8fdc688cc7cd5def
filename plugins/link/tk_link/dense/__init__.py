"""Retrieval by meaning: encoders, their cache, indexes, and when it is worth the time."""

from tk_link.dense.choice import Choice, Hardware, choose_retrieval, encoding_seconds, word_overlap
from tk_link.dense.opening import is_packaged_model_installed, open_backend, open_encoder
from tk_link.dense.retrieve import DenseView, Neighbours, Side, dense_neighbours

__all__ = [
    "Choice",
    "DenseView",
    "Hardware",
    "Neighbours",
    "Side",
    "choose_retrieval",
    "dense_neighbours",
    "encoding_seconds",
    "is_packaged_model_installed",
    "open_backend",
    "open_encoder",
    "word_overlap",
]

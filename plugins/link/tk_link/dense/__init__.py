"""Retrieval by meaning: encoders, their cache, indexes, and when it is worth the time."""

from tk_link.dense.choice import (
    Choice,
    Hardware,
    choose_retrieval,
    encoding_seconds,
    share_in,
    word_overlap,
)
from tk_link.dense.installed import is_packaged_model_installed
from tk_link.dense.likeness import Meaning, measure
from tk_link.dense.opening import (
    PACKAGED,
    open_backend,
    open_encoder,
)
from tk_link.dense.planning import plan_retrieval
from tk_link.dense.retrieve import dense_neighbours
from tk_link.dense.view import DenseView, Neighbours, Side

__all__ = [
    "PACKAGED",
    "Choice",
    "DenseView",
    "Hardware",
    "Meaning",
    "Neighbours",
    "Side",
    "choose_retrieval",
    "dense_neighbours",
    "encoding_seconds",
    "is_packaged_model_installed",
    "measure",
    "open_backend",
    "open_encoder",
    "plan_retrieval",
    "share_in",
    "word_overlap",
]

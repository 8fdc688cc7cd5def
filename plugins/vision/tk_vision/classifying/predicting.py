"""Classes of pictures, most likely first, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from tk.errors import InputError, UsageError
from tk_vision.classifying.opening import Opened
from tk_vision.inference.running import Result, Runner, Running, results
from tk_vision.pictures.picture import Picture

Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class Predictions:
    """What a model says of pictures.

    Attributes:
        answers: One for each picture, in order; `Result.vector` holds logits.
        classes: Names of the classes.
    """

    answers: Sequence[Result]
    classes: Sequence[str]

    @property
    def bad(self) -> list[tuple[str, str]]:
        """Pictures that cannot be used, and why."""
        return [(each.picture.name, each.reason) for each in self.answers if each.vector is None]

    def probabilities(self) -> Probabilities:
        """Return those of the pictures that can be used, ``(N, classes)``."""
        logits = [each.vector for each in self.answers if each.vector is not None]
        if not logits:
            return np.zeros((0, len(self.classes)))
        return torch.from_numpy(np.stack(logits)).double().softmax(1).numpy()

    def frame(self, *, top: int, with_labels: bool = False) -> pl.DataFrame:
        """Return a row for every picture: its classes and their probabilities, and what is wrong.

        Columns ``picture``, ``class``, ``probability``, ``class_2``, ``probability_2``, …,
        ``error``; with labels, ``label`` after the picture.

        Raises:
            UsageError: `top` is below 1.
        """
        if top < 1:
            raise UsageError(f"top-k is {top}, must be at least 1")
        top = min(top, len(self.classes))
        is_good = np.array([each.vector is not None for each in self.answers], dtype=bool)
        found = self.probabilities()
        order = np.argsort(-found, axis=1, kind="stable")[:, :top]
        names = np.array(self.classes, dtype=object)
        columns: dict[str, object] = {"picture": [each.picture.name for each in self.answers]}
        if with_labels:
            columns["label"] = [each.picture.label for each in self.answers]
        for place in range(top):
            end = f"_{place + 1}" if place else ""
            chosen = order[:, place]
            likely = found[np.arange(len(found)), chosen]
            columns[f"class{end}"] = _spread(names[chosen], is_good)
            columns[f"probability{end}"] = _spread(likely.round(6), is_good)
        columns["error"] = [each.reason or None for each in self.answers]
        schema = {"error": pl.String} | {n: pl.String for n in columns if n.startswith("class")}
        return pl.DataFrame(columns, schema_overrides=schema)


def predict(opened: Opened, pictures: Sequence[Picture], running: Running) -> Predictions:
    """Ask the model about every picture; damaged ones keep their place.

    Raises:
        InputError: The model has no classes, or does not take pictures of its own size.
    """
    if not opened.classes:
        raise InputError(f"{type(opened.model).__name__} is no classifier: it has no classes")
    runner = Runner(opened.model, size=opened.preprocessor.size, running=running)
    answers = list(results(runner, opened.preprocessor, pictures, what="classifying"))
    return Predictions(answers, opened.classes)


def _spread(values: NDArray[np.generic], is_good: NDArray[np.bool_]) -> list[object]:
    """Put the values of good pictures at their places, None elsewhere."""
    placed = np.full(len(is_good), None, dtype=object)
    placed[is_good] = values
    return placed.tolist()

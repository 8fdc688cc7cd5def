"""How good predicted classes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

_BINS = 15
_LEAST = 1e-12


@dataclass(frozen=True)
class Measures:
    """Predictions against the truth.

    Attributes:
        confusion: Pictures by true (rows) and predicted class, ``(K, K)``.
        overall: Metrics by name.
    """

    confusion: NDArray[np.int64]
    overall: dict[str, float]

    def by_class(self, classes: Sequence[str]) -> pl.DataFrame:
        """Return precision, recall and F1 of every class; empty where nothing says."""
        right = np.diag(self.confusion)
        predicted, true = self.confusion.sum(0), self.confusion.sum(1)
        with np.errstate(invalid="ignore"):
            precision, recall = right / predicted, right / true
            f1 = 2 * right / (predicted + true)
        frame = pl.DataFrame(
            {
                "class": list(classes),
                "pictures": true,
                "precision": precision,
                "recall": recall,
                "f1": f1,
            }
        )
        return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def measure(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> Measures:
    """Compare probabilities ``(N, K)`` with the numbers of the true classes, ``(N,)``.

    ``accuracy``; ``top_5``, where there are more than five classes; ``balanced_accuracy``, the mean
    of the classes' recalls, and ``macro_f1``, over classes that occur; ``loss``, the mean negative
    log-likelihood; ``calibration_error``, the mean gap between confidence and accuracy in fifteen
    equal bins of confidence (arXiv:1706.04599, eq. 3).
    """
    count, classes = probabilities.shape
    predicted = probabilities.argmax(1)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    own = probabilities[np.arange(count), labels]
    right = predicted == labels
    occurs = confusion.sum(1) > 0
    hits = np.diag(confusion)[occurs]
    totals = confusion.sum(0)[occurs] + confusion.sum(1)[occurs]
    overall = {
        "accuracy": float(right.mean()),
        "balanced_accuracy": float((hits / confusion.sum(1)[occurs]).mean()),
        "macro_f1": float((2 * hits / totals).mean()),
        "loss": float(-np.log(own.clip(_LEAST)).mean()),
        "calibration_error": _calibration_error(probabilities.max(1), right),
    }
    if classes > 5:
        rank = (probabilities > own[:, None]).sum(1)
        overall["top_5"] = float((rank < 5).mean())
    return Measures(confusion, overall)


def _calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(confidence))

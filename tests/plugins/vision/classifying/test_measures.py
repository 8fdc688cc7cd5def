"""Metrics against values computed by scikit-learn or by hand."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, top_k_accuracy_score

from tk_vision.classifying.measures import measure


def made(count=300, classes=8):
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, count)
    logits = random.normal(size=(count, classes)) + 1.5 * np.eye(classes)[labels]
    shares = np.exp(logits)
    return shares / shares.sum(1, keepdims=True), labels


def test_metrics_agree_with_scikit_learn():
    probabilities, labels = made()
    predicted = probabilities.argmax(1)
    found = measure(probabilities, labels).overall
    assert found["accuracy"] == pytest.approx((predicted == labels).mean())
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, predicted))
    assert found["macro_f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert found["loss"] == pytest.approx(log_loss(labels, probabilities))
    assert found["top_5"] == pytest.approx(top_k_accuracy_score(labels, probabilities, k=5))


def test_calibration_is_the_gap_between_confidence_and_accuracy():
    probabilities = np.array([[0.95, 0.05]] * 10)
    labels = np.array([0] * 9 + [1])
    assert measure(probabilities, labels).overall["calibration_error"] == pytest.approx(0.05)


def test_classes_that_never_occur_say_nothing():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]])
    found = measure(probabilities, np.array([0, 0]))
    assert found.overall["balanced_accuracy"] == 0.5
    rows = {row["class"]: row for row in found.by_class(["a", "b", "c"]).to_dicts()}
    assert rows["a"] == {
        "class": "a",
        "pictures": 2,
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
    }
    assert rows["b"]["recall"] is None
    assert rows["c"]["f1"] is None
    assert found.confusion.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert "top_5" not in found.overall

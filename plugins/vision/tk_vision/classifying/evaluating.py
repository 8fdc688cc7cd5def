"""Measure a classifier on labelled pictures, and write down what it got wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tk.atomic import replacing
from tk.errors import InputError
from tk_vision.classifying.labels import check_known, numbered
from tk_vision.classifying.measures import Measures, measure
from tk_vision.classifying.opening import Opened
from tk_vision.classifying.predicting import Predictions, predict
from tk_vision.classifying.report import write_measures
from tk_vision.inference.running import Running
from tk_vision.pictures.checking import told
from tk_vision.pictures.listing import Columns, Say, list_labelled
from tk_vision.pictures.picture import Picture


@dataclass(frozen=True)
class Evaluation:
    """How good a classifier is, and what it said of every picture."""

    measures: Measures
    predictions: Predictions

    def write(self, folder: Path, *, top: int) -> None:
        """Write metrics, the confusion matrix and the predictions."""
        write_measures(folder, self.measures, self.predictions.classes, "all")
        with replacing(folder / "predictions.csv") as stream:
            self.predictions.frame(top=top, with_labels=True).write_csv(stream)


def evaluate_pictures(
    opened: Opened,
    data: Path,
    columns: Columns,
    running: Running,
    *,
    drop_unseen: bool,
    skip_bad: bool,
    say: Say,
) -> Evaluation:
    """Ask the model about every picture of `data` and compare with the labels.

    Raises:
        InputError: Classes were not learnt, pictures are damaged, or none is left.
    """
    pictures = list_labelled(data, columns, say=say)
    if drop_unseen:
        pictures = _known(pictures, opened.classes, say)
    check_known(pictures, opened.classes, where=str(data))
    found = predict(opened, pictures, running)
    if found.bad:
        text = told(found.bad, len(pictures))
        if not skip_bad or len(found.bad) == len(pictures):
            raise InputError(f"{text}\n--skip-bad leaves them out")
        say(f"note: left out: {text}")
    good = [each.picture for each in found.answers if each.vector is not None]
    labels = np.array(numbered(good, opened.classes), dtype=np.int64)
    return Evaluation(measure(found.probabilities(), labels), found)


def _known(pictures: list[Picture], classes: list[str], say: Say) -> list[Picture]:
    kept = [picture for picture in pictures if picture.label in set(classes)]
    if len(kept) < len(pictures):
        unseen = sorted({p.label for p in pictures} - set(classes))
        say(f"note: {len(pictures) - len(kept)} pictures of {', '.join(unseen)} are left out")
    if not kept:
        raise InputError("no picture has a class that was learnt")
    return kept

"""Files that say how good a model is: metrics, confusion matrix, curves, predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import torch

from tk import FitConfig, Fitted
from tk.atomic import replacing
from tk.training.batches import batches
from tk_vision.classifying.confusion import draw_confusion
from tk_vision.classifying.curves import draw_curves
from tk_vision.classifying.measures import Measures, measure
from tk_vision.classifying.task import ImageClassification

METRICS, CONFUSION, CURVES = "metrics.json", "confusion.png", "curves.png"


def write_measures(folder: Path, found: Measures, classes: Sequence[str], part: str) -> None:
    """Write metrics as JSON, and the confusion matrix as CSV and PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    by_class = found.by_class(classes).to_dicts()
    told = {"part": part, "overall": found.overall, "classes": by_class}
    columns = {"true": list(classes)} | {
        f"as {name}": found.confusion[:, number] for number, name in enumerate(classes)
    }
    with replacing(folder / METRICS) as stream:
        stream.write(json.dumps(told, indent=2, ensure_ascii=False).encode())
    with replacing(folder / "confusion.csv") as stream:
        pl.DataFrame(columns).write_csv(stream)
    with replacing(folder / CONFUSION) as stream:
        stream.write(draw_confusion(found.confusion, classes))


def write_report(fitted: Fitted, task: ImageClassification) -> None:
    """Write curves, and figures on the test pictures, or on the validation ones without them."""
    history: Sequence[Mapping[str, float]] = fitted.record.get("history", ())
    if history:
        with replacing(fitted.folder / CURVES) as stream:
            stream.write(draw_curves(history))
    splits = task.datasets(FitConfig(output=str(fitted.folder)))
    part = "test" if splits.test is not None else "validation"
    data = getattr(splits, part)
    if data is None:
        return
    outputs = [
        fitted.model(batch["image"]).double().softmax(1).cpu()
        for batch in batches(fitted.model, data)
    ]
    labels = np.array(data.labels, dtype=np.int64)
    found = measure(torch.cat(outputs).numpy(), labels)
    write_measures(fitted.folder, found, task.classes, part)

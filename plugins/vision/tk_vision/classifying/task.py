"""The task for `tk.fit`, ``tk train`` and ``tk classify train``: name the class of a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tk import FitConfig
from tk.atomic import replacing
from tk.protocols import Splits
from tk.training.batches import batches
from tk_vision.augmentation.mixing import Mixing
from tk_vision.augmentation.options import augmentation
from tk_vision.classifying.examples import Changed, Examples, Plain
from tk_vision.classifying.gathering import Gathered, gather
from tk_vision.classifying.labels import CLASSES, numbered
from tk_vision.classifying.measures import measure
from tk_vision.pictures.checking import spread
from tk_vision.pictures.listing import Columns
from tk_vision.pictures.preprocessing import Preprocessor

_SMALL = 96
"""Pictures up to this side are seen whole; of larger ones the rim is cut off (`crop`)."""


class ImageClassification:
    """Learn the classes of pictures from a folder of class folders, or from a table.

    Args:
        data: Folder with a folder for each class, or with ``train``, ``validation`` and ``test``
            that hold these; or a Parquet table of bytes and labels.
        validation: The same, for choosing; by default the folder's own, or a share of `data`.
        test: The same, looked at once.
        validation_share: Share of each class that is kept for validation where none is given.
        split_seed: Chooses which.
        image_size: Side of the square that the model sees; 0: that of the pictures, 32 to 224.
        crop: See `Preprocessor`; 0: all of small pictures, 0.9 of others.
        mean: Of each channel; by default that of the training pictures.
        std: Of each channel; by default that of the training pictures.
        interpolation: ``bicubic``, ``bilinear`` or ``nearest``.
        augment: ``none``, ``light`` or ``strong``; the options of `Augmentation` replace its parts.
        image_column: Column of a table's pictures.
        label_column: Column of a table's classes.
        skip_bad: Leave out pictures that cannot be decoded.

    Attributes:
        best: Metric that chooses the best checkpoint.
        goal: Its highest value is best.
    """

    best = "accuracy"
    goal = "highest"

    def __init__(
        self,
        *,
        data: str,
        validation: str = "",
        test: str = "",
        validation_share: float = 0.2,
        split_seed: int = 0,
        image_size: int = 0,
        crop: float = 0.0,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
        interpolation: str = "bicubic",
        augment: str = "light",
        least: float | None = None,
        flip: float | None = None,
        randaugment: int | None = None,
        magnitude: float | None = None,
        erasing: float | None = None,
        mixup: float | None = None,
        cutmix: float | None = None,
        label_smoothing: float | None = None,
        image_column: str = "",
        label_column: str = "",
        skip_bad: bool = False,
    ) -> None:
        self.data, self.validation, self.test = data, validation, test
        self.validation_share, self.split_seed = validation_share, split_seed
        self.augment, self.least, self.flip = augment, least, flip
        self.randaugment, self.magnitude, self.erasing = randaugment, magnitude, erasing
        self.mixup, self.cutmix, self.label_smoothing = mixup, cutmix, label_smoothing
        self.image_column, self.label_column = image_column, label_column
        self.skip_bad, self.interpolation = skip_bad, interpolation
        self._changes = augmentation(augment, self._augmentation())
        Preprocessor(image_size or 224, crop or 1.0, interpolation=interpolation)  # checks them
        self._gathered = gather(
            Path(data),
            validation=Path(validation) if validation else None,
            test=Path(test) if test else None,
            share=validation_share,
            seed=split_seed,
            columns=Columns(image_column, label_column),
            skip_bad=skip_bad,
        )
        facts = self._gathered.train.facts
        own_mean, own_std = spread(facts)
        self.image_size = image_size or _usual_size(self._gathered)
        self.crop = crop or (1.0 if self.image_size <= _SMALL else 0.9)
        self.mean, self.std = tuple(mean or own_mean), tuple(std or own_std)

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in order of their numbers."""
        return self._gathered.classes

    @property
    def notes(self) -> list[str]:
        """What a person should know about the data."""
        return self._gathered.notes

    @property
    def sizes(self) -> dict[str, int]:
        """Pictures of each part."""
        return {name: len(part.pictures) for name, part in self._gathered.parts().items()}

    @property
    def preprocessor(self) -> Preprocessor:
        """How pictures become tensors."""
        return Preprocessor(
            self.image_size, self.crop, tuple(self.mean), tuple(self.std), self.interpolation
        )

    def model_options(self) -> Mapping[str, Any]:
        """Return what models for this task need; many have no ``image`` and take any size."""
        return {"num_classes": len(self.classes), "image": self.image_size}

    def datasets(self, config: FitConfig) -> Splits[Examples]:
        """Return the pictures, those for training changed at random."""
        preprocessor = self.preprocessor
        makers = {"train": Changed(preprocessor, self._changes)}
        parts = {
            name: Examples(
                part.pictures,
                numbered(part.pictures, self.classes),
                makers.get(name, Plain(preprocessor)),
            )
            for name, part in self._gathered.parts().items()
        }
        return Splits(parts["train"], parts.get("validation"), parts.get("test"))

    @property
    def collate(self) -> Mixing:
        """Make a batch of training examples: mixed, with smooth targets."""
        return Mixing(len(self.classes), self._changes.label_smoothing)

    def loss(
        self, model: nn.Module, batch: Mapping[str, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the mean cross-entropy with the batch's targets."""
        logits = model(batch["image"])
        return cross_entropy(logits, batch["target"]), {"logits": logits}

    def evaluate(self, model: nn.Module, data: Examples) -> Mapping[str, float]:
        """Return `measure`'s metrics."""
        found = [model(batch["image"]).double().softmax(1).cpu() for batch in batches(model, data)]
        labels = np.array(data.labels, dtype=np.int64)
        return measure(torch.cat(found).numpy(), labels).overall

    def save(self, folder: Path) -> None:
        """Write how pictures become tensors, the classes, and which picture was used for what."""
        folder.mkdir(parents=True, exist_ok=True)
        self.preprocessor.save(folder)
        with replacing(folder / CLASSES) as stream:
            stream.write(json.dumps(self.classes, indent=2, ensure_ascii=False).encode())
        rows = [
            {"picture": picture.name, "class": picture.label, "part": name}
            for name, part in self._gathered.parts().items()
            for picture in part.pictures
        ]
        with replacing(folder / "parts.csv") as stream:
            pl.DataFrame(rows).write_csv(stream)

    def _augmentation(self) -> dict[str, Any]:
        names = ("least", "flip", "randaugment", "magnitude", "erasing", "mixup", "cutmix")
        return {name: getattr(self, name) for name in (*names, "label_smoothing")}


def _usual_size(gathered: Gathered) -> int:
    """Return the median shorter side of the training pictures, as a multiple of 32, 32 to 224."""
    sides = [min(fact.width, fact.height) for fact in gathered.train.facts]
    return int(np.clip(32 * np.ceil(np.median(sides) / 32), 32, 224))

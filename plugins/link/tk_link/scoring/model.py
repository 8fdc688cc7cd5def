"""What a run learnt, enough to score other tables of the same columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.config import Retrieve
from tk_link.fields import FIELD_TYPES, FieldType
from tk_link.scoring.additive import Additive
from tk_link.scoring.curve import Curve
from tk_link.scoring.levels import COUNT

_FORMAT = 1


@dataclass(frozen=True)
class Model:
    """Evidence of every feature level, and the calibration of their sum.

    Attributes:
        names: Feature names, in the order of ``additive.evidence``.
        additive: Log odds by feature and level.
        curve: Probability at each sum.
    """

    names: tuple[str, ...]
    additive: Additive
    curve: Curve

    def arranged(self, names: tuple[str, ...]) -> Additive:
        """Return the evidence in another order of features; an unknown feature says nothing."""
        known = {name: row for name, row in zip(self.names, self.additive.evidence, strict=True)}
        rows = [known.get(name, np.zeros(COUNT)) for name in names]
        return Additive(self.additive.prior, np.array(rows))

    def to_json(self) -> dict[str, object]:
        """Return plain data."""
        return {
            "format": _FORMAT,
            "names": list(self.names),
            "prior": self.additive.prior,
            "evidence": self.additive.evidence.tolist(),
            "points": self.curve.points.tolist(),
            "chances": self.curve.chances.tolist(),
        }


@dataclass(frozen=True)
class Saved:
    """A model in a file: the columns, types, retrieval and encoder that it was learnt with."""

    columns: tuple[tuple[str, str, FieldType], ...]
    model: Model
    retrieve: Retrieve
    encoder: str | None


def read_saved(path: Path) -> Saved:
    """Read what `tk_link.Linker.save` wrote.

    Raises:
        InputError: The file is missing, or is not of this format.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        columns = tuple(_column(*column) for column in document["columns"])
        retrieve, encoder = document.get("retrieve", "lexical"), document.get("encoder")
        if retrieve not in get_args(Retrieve) or not isinstance(encoder, str | None):
            raise ValueError("retrieve")
        return Saved(columns, parse_model(document["model"]), retrieve, encoder)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} is not a linkage model of format {_FORMAT}; fit and save it again"
        ) from error


def _column(left: str, right: str, type_: FieldType) -> tuple[str, str, FieldType]:
    if type_ not in FIELD_TYPES:
        raise ValueError(type_)
    return str(left), str(right), type_


def parse_model(data: object) -> Model:
    """Read what `Model.to_json` gave; raises `KeyError` or `ValueError` where it is not that."""
    if not isinstance(data, dict) or data["format"] != _FORMAT:
        raise ValueError("format")
    names = tuple(str(name) for name in data["names"])
    evidence = _numbers(data["evidence"]).reshape(len(names), COUNT)
    points, chances = _numbers(data["points"]), _numbers(data["chances"])
    if len(points) != len(chances) or not len(points):
        raise ValueError("curve")
    return Model(names, Additive(float(data["prior"]), evidence), Curve(points, chances))


def _numbers(values: object) -> NDArray[np.float64]:
    out = np.asarray(values, dtype=np.float64)
    if not np.isfinite(out).all():
        raise ValueError("numbers")
    return out

"""`Linker`: learn on two tables, look closely, save, and score other tables of the same columns."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack

import numpy as np

from tk.errors import InputError, UsageError
from tk_link.api import LinkOptions, settings_of, table_of
from tk_link.atomic import explained, replacing
from tk_link.columns import check_columns
from tk_link.frames import to_kind
from tk_link.pipeline import Run, run_closely
from tk_link.scoring.levels import MISSING
from tk_link.scoring.model import Model, read_json, read_model
from tk_link.shape import shape

if TYPE_CHECKING:
    import polars as pl

    from tk_link.linkage import Linkage
    from tk_link.tables import Table

_FILE = "linker.json"


@dataclass(frozen=True)
class Explanation:
    """Why one pair scored as it did.

    Attributes:
        left_row: Row of the left table, from 0.
        right_row: Row of the right table, from 0.
        probability: Probability of a match among its rivals, 0..1.
        score: Sum of prior and evidence, in bits (log2 odds before calibration and rivals).
        prior: Bits before any evidence.
        evidence: Bits that each feature added; None where a value is missing.
        runner_up: The left row's best other candidate and its probability, or None.
    """

    left_row: int
    right_row: int
    probability: float
    score: float
    prior: float
    evidence: dict[str, float | None]
    runner_up: tuple[int, float] | None

    def __str__(self) -> str:
        known = {name: bits for name, bits in self.evidence.items() if bits is not None}
        lines = [
            f"left row {self.left_row}, right row {self.right_row}: "
            f"probability {self.probability:.3f}, score {self.score:+.1f} bits",
            f"  {'prior':<28}{self.prior:+6.1f}",
            *(f"  {n:<28}{b:+6.1f}" for n, b in sorted(known.items(), key=lambda i: -abs(i[1]))),
            *(f"  {name:<28}     missing" for name, b in self.evidence.items() if b is None),
        ]
        if self.runner_up is not None:
            lines.append(f"  runner-up: right row {self.runner_up[0]} at {self.runner_up[1]:.3f}")
        return "\n".join(lines)


class Linker:
    """A linkage that can be looked into, saved and applied again.

    Options are those of `tk_link.link`.
    """

    def __init__(self, **options: Unpack[LinkOptions]) -> None:
        self._settings = settings_of(options)
        self._model: Model | None = None
        self._run: Run | None = None
        self._tables: tuple[Table, Table] | None = None

    def fit(self, left: object, right: object) -> Self:
        """Learn on two tables and link them. Raises as `tk_link.link`."""
        self._link(left, right, model=None)
        self._model = self._fitted().scores.model
        return self

    def predict(self, left: object, right: object) -> object:
        """Link other tables of the same columns by what was learnt; returns what `link` does.

        Raises:
            UsageError: Nothing was learnt yet.
            InputError: A table cannot be used.
        """
        if self._model is None:
            raise UsageError("this Linker has learnt nothing; call fit(left, right) or load it")
        self._link(left, right, model=self._model)
        return to_kind(self.matches(), left)

    @property
    def linkage(self) -> Linkage:
        """The last run's decisions, columns, cardinality and estimates."""
        return self._fitted().linkage

    def matches(self) -> pl.DataFrame:
        """Return the last run's result as a polars frame, as `link` would."""
        run, (left, right) = self._fitted(), self._inputs()
        return shape(
            run.linkage, left, right, config=self._settings.link, output=self._settings.output
        )

    def explain(self, left_row: int, right_row: int) -> Explanation:
        """Say why a pair of rows (counted from 0) scored as it did.

        Raises:
            InputError: There is no such row, or the pair shares so little text that it was never
                compared.
        """
        run = self._fitted()
        for table, row in zip(self._inputs(), (left_row, right_row), strict=True):
            if not 0 <= row < len(table):
                raise InputError(
                    f"{table.name} has no row {row}; it has rows 0 to {len(table) - 1}"
                )
        mine = np.flatnonzero(run.pairs.left == left_row)
        at = mine[run.pairs.right[mine] == right_row]
        if not len(at):
            raise InputError(
                f"left row {left_row} and right row {right_row} were never compared: they share "
                "too little text to be among each other's nearest rows"
            )
        others = mine[mine != at[0]]
        best = others[np.argmax(run.scores.probability[others])] if len(others) else None
        levels = run.scores.levels[at]
        bits = run.scores.model.additive.contributions(levels)[0]
        return Explanation(
            left_row,
            right_row,
            float(run.scores.probability[at[0]]),
            float(run.scores.log_odds[at[0]] / np.log(2)),
            float(run.scores.model.additive.prior / np.log(2)),
            {
                name: None if level == MISSING else float(value)
                for name, value, level in zip(run.features.names, bits, levels[0], strict=True)
            },
            None
            if best is None
            else (int(run.pairs.right[best]), float(run.scores.probability[best])),
        )

    def save(self, folder: str | Path) -> None:
        """Write what was learnt into a folder, as JSON.

        Raises:
            UsageError: Nothing was learnt yet.
            OutputError: The folder cannot be written.
        """
        if self._model is None:
            raise UsageError("this Linker has learnt nothing; call fit(left, right) first")
        run = self._run
        fields = run.linkage.fields if run is not None else ()
        columns = [[f.left, f.right, f.type] for f in fields]
        document = {"columns": columns, "model": self._model.to_json()}
        path = Path(folder) / _FILE
        with explained(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:
            stream.write(json.dumps(document, ensure_ascii=False).encode())

    @classmethod
    def load(cls, folder: str | Path) -> Linker:
        """Read a saved Linker; it compares the columns that it learnt on.

        Raises:
            InputError: There is none, or it is of another format.
        """
        path = Path(folder) / _FILE
        document = read_json(path)
        model = read_model(document.get("model") if isinstance(document, dict) else None, path)
        linker = cls()
        columns = document["columns"] if isinstance(document, dict) else []
        linker._settings = replace(
            linker._settings,
            link=replace(
                linker._settings.link,
                on=tuple((a, b) for a, b, _ in columns),
                types=tuple((a, t) for a, _, t in columns),
            ),
        )
        linker._model = model
        return linker

    def _link(self, left: object, right: object, *, model: Model | None) -> None:
        tables = table_of(left, "left"), table_of(right, "right")
        check_columns(self._settings.link, *tables)
        self._run = run_closely(*tables, self._settings.link, model=model)
        self._tables = tables

    def _fitted(self) -> Run:
        if self._run is None:
            raise UsageError("this Linker has linked nothing yet; call fit(left, right)")
        return self._run

    def _inputs(self) -> tuple[Table, Table]:
        if self._tables is None:
            raise UsageError("this Linker has linked nothing yet; call fit(left, right)")
        return self._tables

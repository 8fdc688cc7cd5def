"""`Linker`: learn on two tables, look closely, save, and score other tables of the same columns.

Nothing heavy is imported until a method is called: ``tk link --help`` imports `tk_link` as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack

from tk.errors import UsageError
from tk_link.api import LinkOptions, settings_of, table_of
from tk_link.offline import check_offline

if TYPE_CHECKING:
    import polars as pl

    from tk_link.config import Retrieve
    from tk_link.fields import FieldType
    from tk_link.linkage import Linkage
    from tk_link.pipeline import Run
    from tk_link.scoring.model import Model
    from tk_link.tables import Table

MODEL_FILE = "linker.json"


@dataclass(frozen=True)
class Explanation:
    """Why one pair scored as it did.

    Attributes:
        left_row: Row of the left table, from 0.
        right_row: Row of the right table, from 0.
        probability: Probability of a match among its rivals, 0..1.
        score: Sum of prior and evidence in bits; 0 is an even chance if there were no rivals.
        prior: Bits before any evidence.
        evidence: Bits that each feature added; None where a value is missing.
        differs: What tells the rows apart as two models of one thing, or None.
        runner_up: The left row's best other candidate and its probability, or None.
    """

    left_row: int
    right_row: int
    probability: float
    score: float
    prior: float
    evidence: dict[str, float | None]
    runner_up: tuple[int, float] | None
    differs: str | None = None

    def __str__(self) -> str:
        known = [(name, bits) for name, bits in self.evidence.items() if bits is not None]
        known.sort(key=lambda item: -abs(item[1]))
        lines = [
            f"left row {self.left_row}, right row {self.right_row}: "
            f"probability {self.probability:.3f}, score {self.score:+.1f} bits",
            *(f"  {name:<28}{bits:+6.1f}" for name, bits in [("prior", self.prior), *known]),
            *(
                f"  {name:<28} missing"
                for name, bits in self.evidence.items()
                if bits is None and name != "other model"
            ),
        ]
        if self.differs is not None:
            lines.append(f"  differs: {self.differs}")
        if self.runner_up is not None:
            lines.append(f"  runner-up: right row {self.runner_up[0]} at {self.runner_up[1]:.3f}")
        return "\n".join(lines)


class Linker:
    """A linkage that can be looked into, saved and applied again.

    Options are those of `tk_link.link`.
    """

    def __init__(self, **options: Unpack[LinkOptions]) -> None:
        self._settings = settings_of(options)
        if self._settings.state is not None or self._settings.judged:
            raise UsageError("a Linker obeys no state and no judgements; call link() with them")
        self._model: Model | None = None
        self._done: tuple[Run, Table, Table] | None = None

    def fit(self, left: object, right: object) -> Self:
        """Learn on two tables and link them. Raises as `tk_link.link`."""
        run = self._link(left, right, model=None)
        self._model = run.scores.model
        self._compare([(f.left, f.right, f.type) for f in run.linkage.fields])
        self._retrieve(run.linkage.choice.retrieval, self._settings.link.model)
        return self

    def predict(self, left: object, right: object) -> object:
        """Link other tables of the same columns by what was learnt; returns what `link` does.

        Raises:
            UsageError: Nothing was learnt yet.
            InputError: A table cannot be used.
        """
        from tk_link.frames import to_kind  # noqa: PLC0415 - see the module's docstring

        self._link(left, right, model=self._learnt())
        return to_kind(self.matches(), left)

    @property
    def linkage(self) -> Linkage:
        """The last run's decisions, columns, cardinality and estimates."""
        return self._last()[0].linkage

    def matches(self) -> pl.DataFrame:
        """Return the last run's result as a polars frame, as `link` would."""
        from tk_link.shape import shape  # noqa: PLC0415 - see the module's docstring

        run, left, right = self._last()
        output = self._settings.output
        return shape(run.linkage, left, right, config=self._settings.link, output=output)

    def explain(self, left_row: int, right_row: int) -> Explanation:
        """Say why a pair of rows (counted from 0) scored as it did.

        Raises:
            InputError: There is no such row, or the pair shares so little text that it was never
                compared.
        """
        from tk_link.explain import explain_pair  # noqa: PLC0415 - see the module's docstring

        run, left, right = self._last()
        return explain_pair(
            run.pairs,
            run.features,
            run.scores,
            run.guard,
            left=(left, left_row),
            right=(right, right_row),
        )

    def report(self, path: str | Path) -> None:
        """Write a page about the last run, as `link` does with `report`.

        Raises:
            UsageError: Nothing was linked yet, or the file is not named as a web page.
            OutputError: It cannot be written.
        """
        from tk_link.page.place import check_report  # noqa: PLC0415 - see the module's docstring
        from tk_link.page.reports import write_link_report  # noqa: PLC0415

        run, left, right = self._last()
        check_report(str(path), (), ())
        write_link_report(run, left, right, self._settings, str(path))

    def save(self, folder: str | Path) -> None:
        """Write what was learnt into a folder, as JSON.

        Raises:
            UsageError: Nothing was learnt yet.
            OutputError: The folder cannot be written.
        """
        from tk_link.atomic import explained, replacing  # noqa: PLC0415 - see the module's docstring

        model, link = self._learnt(), self._settings.link
        document = {
            "columns": [
                (left, right, type_)
                for (left, right), (_, type_) in zip(link.on or (), link.types, strict=True)
            ],
            "model": model.to_json(),
            "retrieve": link.retrieve,
            "encoder": link.model,
        }
        path = Path(folder) / MODEL_FILE
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
        from tk_link.scoring.model import read_saved  # noqa: PLC0415 - see the module's docstring

        saved = read_saved(Path(folder) / MODEL_FILE)
        linker = cls()
        linker._compare(saved.columns)
        linker._retrieve(saved.retrieve, saved.encoder)
        linker._model = saved.model
        return linker

    def _compare(self, columns: Sequence[tuple[str, str, FieldType]]) -> None:
        """Keep to the columns and types that were learnt on."""
        on = tuple((left, right) for left, right, _ in columns)
        types = tuple((left, type_) for left, _, type_ in columns)
        self._settings = replace(
            self._settings, link=replace(self._settings.link, on=on, types=types)
        )

    def _retrieve(self, retrieve: Retrieve, encoder: str | None) -> None:
        """Keep to the way in which candidates were found: what was learnt weighs its likeness."""
        link = replace(self._settings.link, retrieve=retrieve, model=encoder)
        self._settings = replace(self._settings, link=link)

    def _link(self, left: object, right: object, *, model: Model | None) -> Run:
        from tk_link.columns import check_columns  # noqa: PLC0415 - see the module's docstring
        from tk_link.pipeline import run_closely  # noqa: PLC0415

        if self._settings.link.offline:
            check_offline((left, right))
        tables = table_of(left, "left"), table_of(right, "right")
        check_columns(self._settings.link, *tables)
        run = run_closely(*tables, self._settings.link, model=model)
        self._done = (run, *tables)
        return run

    def _learnt(self) -> Model:
        if self._model is None:
            raise UsageError("this Linker has learnt nothing; call fit(left, right) or load it")
        return self._model

    def _last(self) -> tuple[Run, Table, Table]:
        if self._done is None:
            raise UsageError("this Linker has linked nothing yet; call fit(left, right)")
        return self._done

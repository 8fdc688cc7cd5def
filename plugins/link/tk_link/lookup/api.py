"""`tk index` as a Python class. Nothing heavy is imported until one is built or loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tk.errors import InputError, UsageError

if TYPE_CHECKING:
    from tk_link.fields import FieldType
    from tk_link.lookup.index import Index


class Lookup:
    """A table ready to be asked which of its rows a record means, in milliseconds.

    Attributes:
        index: What is asked: columns, ids, names.
    """

    def __init__(self, index: Index) -> None:
        self.index = index

    @classmethod
    def build(
        cls,
        table: object,
        *,
        on: Sequence[str] | None = None,
        id: str | None = None,
        name: Sequence[str] | None = None,
        types: Mapping[str, FieldType] | None = None,
        scorer: str | Path | None = None,
        seed: int = 0,
    ) -> Self:
        """Lay a table out for lookup.

        Args:
            table: A polars, pandas or Arrow frame, or the path of a file.
            on: Columns to compare; None takes all that say something.
            id: Column that names rows; None finds one.
            name: Columns that together are a row's name; None finds them.
            types: Types set by hand, by column.
            scorer: Folder of a saved `tk_link.Linker` to score by; None learns from the table.
            seed: Seed of everything random.

        Raises:
            InputError: The table is empty or cannot be used, or a column is unknown.
            UsageError: An option is impossible.
        """
        from tk_link.api import table_of  # noqa: PLC0415 - see the module's docstring
        from tk_link.lookup.building import build_index  # noqa: PLC0415
        from tk_link.lookup.config import IndexConfig  # noqa: PLC0415

        config = IndexConfig(
            on=None if on is None else tuple(on),
            id=id,
            name=None if name is None else tuple(name),
            types=tuple((types or {}).items()),
            scorer=None if scorer is None else str(scorer),
            seed=seed,
        )
        return cls(build_index(table_of(table, "the table"), config))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` or `tk index build` wrote.

        Raises:
            InputError: The file is missing, damaged or of another format.
        """
        from tk_link.lookup.storing import read_index  # noqa: PLC0415 - see the module's docstring

        return cls(read_index(Path(path).expanduser()))

    def save(self, path: str | Path) -> None:
        """Write it for `load` and `tk index serve`, whole or not at all.

        Raises:
            OutputError: The folder is missing or read-only, the disk is full, ….
        """
        from tk_link.lookup.storing import write_index  # noqa: PLC0415 - see the module's docstring

        write_index(self.index, Path(path).expanduser())

    def __len__(self) -> int:
        return len(self.index)

    def find(
        self,
        record: Mapping[str, object] | str,
        *,
        limit: int = 5,
        min_prob: float | None = None,
    ) -> list[dict[str, object]]:
        """Return the rows that a record may mean, best first.

        Args:
            record: Values by column (None is unknown), or what is known of the name, or an id.
            limit: Rows returned, at most.
            min_prob: Probability from which a row is called a match; None takes 0.9.

        Returns:
            For each row ``id``, ``name``, ``probability`` (those of one answer add up to 1 at
            most), ``score`` in bits, ``match``, ``similarity`` of each compared part (0..1) and the
            row itself as ``record``.

        Raises:
            InputError: The record is empty, has a column that the table has not, or a value that is
                no text, number, truth value or date.
            UsageError: `limit` or `min_prob` is impossible.
        """
        from tk_link.lookup.index import MATCH  # noqa: PLC0415 - see the module's docstring
        from tk_link.lookup.protocol import Refused, found, read_record  # noqa: PLC0415
        from tk_link.lookup.queries import Query  # noqa: PLC0415

        least = MATCH if min_prob is None else min_prob
        if limit < 1 or not 0.0 <= least <= 1.0:
            raise UsageError(f"limit is {limit} and min_prob {least}; at least 1, and 0 to 1")
        if not record:
            raise InputError("the record is empty; give it a column or a name")
        try:
            if isinstance(record, str):
                asked = Query(record)
            else:
                asked = read_record({c: _plain(v) for c, v in record.items()}, self.index)
        except Refused as refused:
            raise InputError(refused.reason) from refused
        hits = self.index.find(asked, limit=limit, min_prob=least)
        return [found(self.index, hit) for hit in hits]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value

"""Rows in the one spelling that they are compared in, and tables made of such rows.

Everything that depends on a column as a whole (types, date formats, which columns join the record
text) was decided once, on a sample: a `Recipe`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tk_link import normalise
from tk_link.comparing.described import Described, joined
from tk_link.computed import with_computed
from tk_link.dedupe.naming import row_names
from tk_link.fields import Field, FieldType
from tk_link.shards.inputs import ROW, Layout
from tk_link.shards.store import Frames, Values
from tk_link.tables import Table
from tk_link.textview import text_view
from tk_link.views import WORDY, Views, dated, raw_text, record_text, spelled

TITLE, TOLD, YEAR, IDENTIFYING = "title", "told", "year", "identifying"
_RAW: frozenset[FieldType] = frozenset({"number", "geo"})


@dataclass(frozen=True)
class Recipe:
    """How rows become comparable.

    Attributes:
        columns: All columns of the inputs.
        fields: The compared ones.
        record: Columns of the record text, with their types.
        wording: Columns of the raw wording.
        dates: Formats that dates are written in, by column.
        id_column: Column that names rows; None where their number does.
        source: Column that says which file a row is from, if there is one.
        apart: Whether rows of one file are different entities.
        told: Columns that say what a thing is, where variants are to be told apart.
        identifying: The most identifying column, where rows are searched by it alone as well.
    """

    columns: tuple[str, ...]
    fields: tuple[Field, ...]
    record: tuple[tuple[str, FieldType], ...]
    wording: tuple[str, ...]
    dates: tuple[tuple[str, tuple[str, ...]], ...]
    id_column: str | None
    source: str | None
    apart: bool
    told: Described | None = None
    identifying: str | None = None

    def spell(self, text: pl.DataFrame, start: int) -> pl.DataFrame:
        """Return rows as they are compared.

        Args:
            text: The rows as text, `ROW` among the columns.
            start: Number of the first in its file, for rows that no column names.

        Returns:
            ``row``, ``name``, ``filled``, ``apart``, ``record``, ``wording`` and for field 2, as
            far as it has them, ``v2`` (normalised), ``d2`` (date) and ``t2`` (raw); `TITLE`, `TOLD`
            and years where things are described, `IDENTIFYING` where it is searched by.
        """
        numbers = text[ROW]
        missing = [pl.lit(None, pl.String).alias(c) for c in self.columns if c not in text.columns]
        text = text.with_columns(missing).select(self.columns)
        table = with_computed(Table("shard", text, text), [f.left for f in self.fields])
        text = table.text
        for column, formats in self.dates:
            table.kept[column, "as dates"] = normalise.dates(text[column], formats)
        name = row_names(table, self.id_column, self.source)
        if self.id_column is None:
            own = (pl.int_range(len(text), eager=True) + start).cast(pl.String)
            name = own if self.source is None else text[self.source].fill_null("") + ":" + own
        filled = text.select(n=pl.sum_horizontal(pl.col(self.columns).is_not_null()))["n"].cast(
            pl.Int64
        )
        apart = pl.lit(0, pl.Int64)
        if self.apart and self.source is not None:
            hashes = text[self.source].fill_null("").hash(seed=0)
            apart = pl.lit((hashes // 2).cast(pl.Int64))
        own_columns = []
        for n, field in enumerate(self.fields):
            own_columns.append(spelled(table, field.left, field.type).alias(f"v{n}"))
            if field.type == "date":
                own_columns.append(table.kept[field.left, "as dates"].alias(f"d{n}"))
            if field.type in _RAW:
                own_columns.append(text[field.left].alias(f"t{n}"))
        if self.told is not None:
            own_columns += _described(table, self.told)
        if self.identifying is not None:
            own_columns.append(spelled(table, self.identifying, "text").alias(IDENTIFYING))
        wording = raw_text(table, self.wording) if self.wording else None
        return pl.DataFrame(
            {
                "row": numbers,
                "name": name,
                "filled": filled,
                "record": record_text(table, dict(self.record)),
                "wording": pl.Series([None] * len(text), dtype=pl.String)
                if wording is None
                else wording,
            }
        ).with_columns(apart.alias("apart"), *own_columns)

    def table(self, rows: pl.DataFrame) -> tuple[Table, Views]:
        """Return a table and views of spelled rows, for the stages that compare."""
        raw = {
            field.left: rows[f"t{n}" if field.type in _RAW else f"v{n}"]
            for n, field in enumerate(self.fields)
        }
        text = pl.DataFrame(raw)
        table = Table("shard", text, text)
        for n, field in enumerate(self.fields):
            table.kept[field.left, field.type] = rows[f"v{n}"]
            if field.type == "date":
                table.kept[field.left, "as dates"] = rows[f"d{n}"]
        record, wording = rows["record"], rows["wording"]
        views = Views(
            (record, record),
            None,
            None,
            (wording, wording) if self.wording else None,
            (tuple(name for name, _ in self.record),) * 2,
        )
        return table, views


Recipes = tuple[Recipe, Recipe]
"""Those of left and right rows, which are one where there are no sides."""


def _described(table: Table, told: Described) -> list[pl.Series]:
    """Return what the variant guard reads of each row."""
    return [
        table.text[told.title.left].alias(TITLE),
        joined(table, [field.left for field in told.told]).alias(TOLD),
        *(
            dated(table, field.left).dt.year().alias(f"{YEAR}{n}")
            for n, field in enumerate(told.dated)
        ),
    ]


def recipe_of(
    sample: Table,
    fields: tuple[Field, ...],
    extras: dict[str, FieldType],
    *,
    id_column: str | None,
    source: str | None,
    apart: bool,
    identifying: str | None,
) -> Recipe:
    """Decide on a sample how rows become comparable.

    Args:
        sample: The sample.
        fields: Compared columns.
        extras: Columns that join the record text beside them.
        id_column: Column that names rows.
        source: Column that says which file a row is from.
        apart: Whether rows of one file are different entities.
        identifying: The most identifying column, if there is one.
    """
    record = {field.left: field.type for field in fields} | extras
    wordy = [field.left for field in fields if field.type in WORDY]
    dates = [name for name, type_ in record.items() if type_ == "date"]
    return Recipe(
        columns=tuple(sample.columns),
        fields=fields,
        record=tuple(record.items()),
        wording=(*wordy, *extras) if wordy else (),
        dates=tuple((name, normalise.date_formats(sample.text[name])) for name in dates),
        id_column=id_column,
        source=source,
        apart=apart,
        identifying=identifying,
    )


def spell_shard(layout: Layout, recipes: Recipes, shard: int) -> tuple[Frames, Values]:
    """Write down a shard's rows as they are compared; of two sides, ``apart`` is 1 on the right."""
    text = text_view(layout.stage.read(shard, "rows"))
    text = text.with_columns(layout.numbers(shard).alias(ROW))
    if not layout.lefts:
        return {"spelled": recipes[0].spell(text, layout.starts[shard])}, {}
    is_right = layout.is_right(shard)
    start = layout.offsets[shard] - (layout.left_height if is_right else 0)
    rows = recipes[is_right].spell(text, start)
    return {"spelled": rows.with_columns(apart=pl.lit(int(is_right), pl.Int64))}, {}

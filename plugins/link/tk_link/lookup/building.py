"""An index from a table: columns chosen, values spelled, 3-grams posted, evidence learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit

from tk.errors import InputError
from tk_link import align, normalise
from tk_link.columns import check_known, check_unique
from tk_link.comparing import codes, dates, quantities
from tk_link.fields import Field
from tk_link.linker import MODEL_FILE
from tk_link.lookup import grams
from tk_link.lookup.config import IndexConfig
from tk_link.lookup.index import WORDY, Column, Index
from tk_link.lookup.learning import by_thumb, learn
from tk_link.lookup.spelling import spelled
from tk_link.profile import Profile, profile
from tk_link.progress import Progress
from tk_link.scoring.curve import Curve
from tk_link.scoring.model import Model, read_saved
from tk_link.tables import Table
from tk_link.views import build_views

_EXAMPLES = 20
"""Dates kept to tell how a query's are written."""
_LEAST_CODES = 0.3
"""Share of rows that must hold a code inside their text before codes are evidence."""


def build_index(
    table: Table, config: IndexConfig | None = None, *, progress: Progress | None = None
) -> Index:
    """Make a table ready for lookup.

    Raises:
        InputError: The table is empty, a column is unknown, an id repeats, or no column says
            anything.
    """
    config = config or IndexConfig()
    if not len(table):
        raise InputError(f"'{table.name}' has no rows; there is nothing to look up")
    saved = read_saved(Path(config.scorer) / MODEL_FILE) if config.scorer else None
    if saved is not None and config.on is None:
        config = replace(config, on=tuple(right for _, right, _ in saved.columns))
        types = tuple((right, type_) for _, right, type_ in saved.columns)
        config = replace(config, types=config.types or types)
    _check_columns(table, config)
    _tell(progress, "columns")
    profiles = profile(table)
    fields = _fields(table, profiles, config)
    id_column = config.id or next((n for n, p in profiles.items() if p.role == "id"), None)
    names = config.name or _name_columns(table, fields, profiles)
    _tell(progress, "3-grams")
    columns = tuple(_column(table, field) for field in fields)
    kept, common = _spelled(table, columns, names)
    index = Index(
        title=Path(table.name).name.split(".")[0] or "table",
        table=table.text,
        spelled=kept,
        columns=columns,
        id_column=id_column,
        name_columns=names,
        common=common,
        record=grams.post(_record(kept, len(columns))),
        names=grams.post(kept["name"].fill_null("").to_list()),
        spaces={
            place: grams.count(kept[str(place)].fill_null("").to_list())
            for place, column in enumerate(columns)
            if column.compare is None
        },
        model=by_thumb((), len(table)),
    )
    if saved is not None:
        return replace(index, model=_careful(saved.model))
    index = replace(index, model=by_thumb(index.features, len(table)))
    _tell(progress, "learning")
    return learn(index, seed=config.seed)


def _careful(model: Model) -> Model:
    """Return a linkage's model for records that may not be there at all.

    Its calibration is level below the worst pair that the linkage assigned, where a lookup's
    wrong rows are: there no score is worth more than it says by itself.
    """
    points = np.linspace(-20.0, 20.0, 401)
    said = Curve(points, np.where(points < 0, expit(points), 1.0))
    return replace(model, curve=model.curve.at_most(said))


def _tell(progress: Progress | None, stage: str) -> None:
    if progress is not None:
        progress.stage(stage)


def _check_columns(table: Table, config: IndexConfig) -> None:
    for column in (*(config.on or ()), *(config.name or ()), *(name for name, _ in config.types)):
        check_known(column, table)
    if config.id is not None:
        check_known(config.id, table)
        check_unique(config.id, table)


def _fields(
    table: Table, profiles: Mapping[str, Profile], config: IndexConfig
) -> tuple[Field, ...]:
    on = None if config.on is None else [(column, column) for column in config.on]
    try:
        return align.align(table, table, profiles, profiles, on=on, types=dict(config.types)).fields
    except InputError as error:
        if on is not None:
            raise
        raise InputError(
            f"{table.name}: no column tells rows apart ({', '.join(table.columns)}); "
            "name those to compare with --on"
        ) from error


def _name_columns(
    table: Table, fields: tuple[Field, ...], profiles: Mapping[str, Profile]
) -> tuple[str, ...]:
    """Return first and last name, a column called name or title, or the most identifying text."""
    said = {field.left: profiles[field.left].concepts for field in fields}
    first = [column for column, concepts in said.items() if "first" in concepts]
    last = [column for column, concepts in said.items() if "last" in concepts]
    if first and last:
        return first[0], last[0]
    named = [column for column, concepts in said.items() if "name" in concepts]
    if named:
        return (named[0],)
    views = build_views(table, table, fields, dict(profiles), dict(profiles))
    best = views.identifying_field
    return (best.left if best is not None else fields[0].left,)


def _column(table: Table, field: Field) -> Column:
    values = table.text[field.left]
    known = values.drop_nulls()
    if field.type == "date":
        examples = known.sample(min(_EXAMPLES, len(known)), seed=0).to_list()
        by_year = dates.is_years(normalise.dates(values))
        return Column(field.left, field.type, by_year=by_year, examples=tuple(examples))
    if field.type == "number":
        numbers = normalise.numbers(values).drop_nulls().to_numpy().astype(np.float64)
        return Column(field.left, field.type, spread=quantities.spread(numbers))
    return Column(field.left, field.type)


def _spelled(
    table: Table, columns: tuple[Column, ...], names: tuple[str, ...]
) -> tuple[pl.DataFrame, frozenset[str]]:
    """Return the spelled columns, and the tokens in too many rows to be codes."""
    kept = [
        spelled(table.text[column.name], column.type).alias(str(place))
        for place, column in enumerate(columns)
    ]
    joined = table.text.select(
        name=pl.concat_str([pl.col(name) for name in names], separator=" ", ignore_nulls=True)
    )
    kept.append(spelled(joined.to_series(), "text").alias("name"))
    inside, common = _codes(table, columns)
    return pl.DataFrame([*kept, *inside]), common


def _codes(table: Table, columns: tuple[Column, ...]) -> tuple[list[pl.Series], frozenset[str]]:
    wordy = [column.name for column in columns if column.type in WORDY]
    if not wordy:
        return [], frozenset()
    text = table.text.select(pl.concat_str(pl.col(wordy), separator=" ", ignore_nulls=True))
    texts = text.to_series()
    found = codes.tokens(texts)
    if found["row"].n_unique() / len(table) < _LEAST_CODES:
        return [], frozenset()
    each = texts.str.extract_all(r"\S+").explode().unique().drop_nulls()
    common = set(codes.tokens(each)["code"]) - set(found["code"])
    by_row = found.group_by("row").agg(pl.col("code").str.join(" "))
    rows = pl.DataFrame({"row": np.arange(len(table))}).join(
        by_row, on="row", how="left", maintain_order="left"
    )
    return [rows["code"].alias("codes")], frozenset(common)


def _record(kept: pl.DataFrame, width: int) -> list[str]:
    """Return the text of whole rows, as `tk_link.lookup.spelling.words` joins a query's."""
    parts = [pl.col(str(place)).str.replace_all(r"[\W_]+", " ") for place in range(width)]
    joined = pl.concat_str(parts, separator=" ", ignore_nulls=True).str.strip_chars()
    return kept.select(record=joined.fill_null("")).to_series().to_list()

"""Two tables in shards: how the rows of either become comparable, decided on samples of both.

Left shards come first, so a row's number tells its side and the smaller row of a pair is the left
one. Every row is spelled under the left columns' names; after that both sides are one table of
which no two rows of a side meet, and the stages of `tk dedupe` serve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from tk.errors import UsageError
from tk_link import candidates
from tk_link.align import Alignment
from tk_link.columns import check_columns
from tk_link.comparing.described import Described, described
from tk_link.config import LinkConfig
from tk_link.fields import Field, FieldType
from tk_link.plan import Profiles, prepare
from tk_link.profile import Profile
from tk_link.rules import field_of
from tk_link.shards import inputs
from tk_link.shards.inputs import ROW, Layout
from tk_link.shards.learning import learn_rows
from tk_link.shards.learnt import Learnt, Obeyed
from tk_link.shards.spelling import Recipe, recipe_of
from tk_link.shards.store import Stage, Workshop
from tk_link.tables import Table
from tk_link.views import Views, build_views

_SAMPLE = 25_000
"""Rows of each side on which columns are judged and n-grams counted."""


@dataclass(frozen=True)
class Learning:
    """What samples of both sides say.

    Attributes:
        learnt: What every later stage needs.
        sample: Spelled rows of both samples.
        alignment: The compared columns and those left out.
        ids: Columns that name left and right rows, where there are any.
    """

    learnt: Learnt
    sample: pl.DataFrame
    alignment: Alignment
    ids: tuple[str | None, str | None]

    def rules(self, config: LinkConfig) -> Obeyed:
        """Return the compared fields that hard rules name.

        Raises:
            InputError: A rule names a column that is not compared.
        """
        both = self.alignment.fields
        own = dict(zip(both, self.learnt.recipe.fields, strict=True))
        named = ((config.require, "--require"), (config.forbid_conflict, "--forbid-conflict"))
        must, must_not = (
            tuple(own[field_of(column, both, option)] for column in columns)
            for columns, option in named
        )
        return must, must_not


def learn(shop: Workshop, layout: Layout, names: tuple[str, str], config: LinkConfig) -> Learning:
    """Decide on samples how rows are compared, and write them down so.

    Args:
        shop: Does the work.
        layout: Where rows are.
        names: What to call the two tables in messages.
        config: Options.

    Raises:
        InputError: No columns correspond, or one that an option names is missing.
    """
    drawn, _ = shop.run("sample", partial(inputs.sample, layout, _SAMPLE), layout.count)
    texts = _sample(drawn, range(layout.lefts)), _sample(drawn, range(layout.lefts, layout.count))
    plain = texts[0].drop(ROW), texts[1].drop(ROW)
    left, right = Table(names[0], plain[0], plain[0]), Table(names[1], plain[1], plain[1])
    check_columns(config, left, right)
    left, right, profiles, aligned = prepare(left, right, config)
    _check_once(aligned)
    views = build_views(left, right, aligned.fields, *profiles)
    ids = (
        config.left_id or _id_column(profiles[0]),
        config.right_id or _id_column(profiles[1]),
    )
    recipes = _recipes((left, right), aligned.fields, views, profiles, ids)
    spelled = [recipe.spell(text, 0) for recipe, text in zip(recipes, texts, strict=True)]
    sample = pl.concat([spelled[0], spelled[1].with_columns(apart=pl.lit(1, pl.Int64))])
    k = config.k or candidates.K
    learnt, sample = learn_rows(shop, layout, recipes, sample, nearest=(k, max(k // 2, 1)))
    return Learning(learnt, sample, aligned, ids)


def _sample(drawn: Stage, shards: range) -> pl.DataFrame:
    return pl.concat([drawn.read(n, "sample") for n in shards], how="diagonal").sort(ROW)


def _recipes(
    tables: tuple[Table, Table],
    fields: tuple[Field, ...],
    views: Views,
    profiles: Profiles,
    ids: tuple[str | None, str | None],
) -> tuple[Recipe, Recipe]:
    """Return how left and right rows become comparable; the left one makes tables of both."""
    own = tuple([replace(field, left=c, right=c) for field, c in zip(fields, columns, strict=True)]
                for columns in zip(*((f.left, f.right) for f in fields), strict=True))  # fmt: skip
    identifying = views.identifying_field
    told = described(fields, identifying)
    left, right = (
        replace(
            recipe_of(
                table,
                tuple(named),
                _extras(columns, named, side_profiles),
                id_column=id_column,
                source=None,
                apart=False,
                identifying=None if identifying is None else named[fields.index(identifying)].left,
            ),
            told=None if told is None else _of(told, dict(zip(fields, named, strict=True))),
        )
        for table, named, columns, side_profiles, id_column in zip(
            tables, own, views.columns, profiles, ids, strict=True
        )
    )
    return left, right


def _of(told: Described, own: dict[Field, Field]) -> Described:
    """Return what describes things by the names of one side's columns."""
    dates = tuple(own[field] for field in told.dated)
    return Described(own[told.title], tuple(own[field] for field in told.told), dates)


def _extras(
    columns: tuple[str, ...], fields: list[Field], profiles: dict[str, Profile]
) -> dict[str, FieldType]:
    compared = {field.left for field in fields}
    return {name: profiles[name].type for name in columns if name not in compared}


def _check_once(aligned: Alignment) -> None:
    for side in ("left", "right"):
        names = [getattr(field, side) for field in aligned.fields]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UsageError(f"over shards a column is compared once, and on names {twice!r} twice")


def _id_column(profiles: dict[str, Profile]) -> str | None:
    return next((name for name, p in profiles.items() if p.role == "id" and p.filled == 1), None)

"""What one sample says of all rows: counted once, then every row is written as it is compared."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import polars as pl

from tk_link.comparing import statistics
from tk_link.grams import Grams
from tk_link.shards.inputs import Layout
from tk_link.shards.learnt import Learnt
from tk_link.shards.searching import is_small
from tk_link.shards.spelling import IDENTIFYING, Recipes, spell_shard
from tk_link.shards.store import Workshop


def learn_rows(
    shop: Workshop,
    layout: Layout,
    recipes: Recipes,
    sample: pl.DataFrame,
    *,
    nearest: tuple[int, int],
) -> tuple[Learnt, pl.DataFrame]:
    """Count a sample, decide whether all texts are compared, and spell every row.

    Args:
        shop: Does the work.
        layout: Where rows are.
        recipes: How left and right rows become comparable; the left one makes tables of both.
        sample: Spelled rows of the sample.
        nearest: How many nearest texts a left and a right row propose where all are compared.

    Returns:
        What is known, and the sample with the columns that all rows have.
    """
    path = shop.folder / "counts.npz"
    if path.exists():
        counted = statistics.load(path)
    else:
        own, views = recipes[0].table(sample)
        wording = []
        if views.wording is not None:
            is_right = (sample["row"] >= layout.left_height) & (layout.lefts > 0)
            wording = [views.wording[0].filter(side) for side in (~is_right, is_right)]
            wording = wording if layout.lefts else wording[:1]
        counted = statistics.learn(own, recipes[0].fields, views.record[0], wording)
    small = is_small(counted.record, layout, sample)
    if not small:
        left, right = (replace(recipe, identifying=None) for recipe in recipes)
        recipes, sample = (left, right), sample.drop(IDENTIFYING, strict=False)
    elif recipes[0].identifying is not None and counted.identifying is None:
        counted = replace(counted, identifying=Grams.count(sample[IDENTIFYING]))
    if not path.exists():
        counted.save(path)
    stage, _ = shop.run("spelled", partial(spell_shard, layout, recipes), layout.count)
    return Learnt(layout, recipes[0], stage, path, nearest if small else None), sample

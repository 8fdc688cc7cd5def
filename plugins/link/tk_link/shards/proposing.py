"""How pairs are found: all texts are compared where tables are small, else passes propose."""

from __future__ import annotations

from functools import partial

import polars as pl

from tk_link.candidates import KEYS
from tk_link.forms import Form
from tk_link.passes import Pass
from tk_link.shards import likely, pairs, passes, searching
from tk_link.shards.learnt import Learnt
from tk_link.shards.passes import Chosen
from tk_link.shards.store import Note, Stage, Workshop


def choose(learnt: Learnt, shop: Workshop, sample: pl.DataFrame) -> Chosen:
    """Decide by which values rows meet, beside their texts where all of those are compared.

    Args:
        learnt: What is known of the table.
        shop: Looks into every shard.
        sample: Spelled rows of the sample.

    Raises:
        InputError: Rows that are alike have nothing in common on which they could meet.
    """
    if learnt.nearest is None:
        return passes.choose(learnt, shop, sample, likely.find_likely(learnt, shop, sample))
    keys = [
        Pass((Form(field.label, (n,)),))
        for n, field in enumerate(learnt.recipe.fields)
        if field.type in KEYS
    ]
    return Chosen(tuple(keys), None, is_search=True)


def propose(learnt: Learnt, shop: Workshop, chosen: Chosen) -> tuple[Stage, list[Note]]:
    """Find the pairs: each in the shard of its left row, with requests for the right one."""
    count = learnt.layout.count
    stages = []
    if chosen.passes or chosen.words is not None:
        keys, _ = shop.run("keys", partial(pairs.spread, learnt, chosen), count)
        stages.append(shop.run("pairs", partial(pairs.join, learnt, chosen, keys), count)[0])
    if learnt.nearest is not None:
        stages.append(shop.run("near", partial(searching.search, learnt), count)[0])
    return shop.run("asks", partial(pairs.ask, learnt, stages), learnt.layout.lefts or count)

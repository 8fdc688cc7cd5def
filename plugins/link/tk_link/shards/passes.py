"""Which passes propose pairs, chosen as `tk_link.passes` does but by counts from every shard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import InputError
from tk_link.candidates import ENOUGH
from tk_link.forms import forms_of
from tk_link.likely import Likely, recall_of
from tk_link.linkage import Recall
from tk_link.passes import (
    AGAIN,
    FEWEST_LIKELY,
    LEAST_YIELD,
    MOST_PAIRS,
    MOST_TRIED,
    Pass,
    Side,
    all_passes,
    most_identifying,
)
from tk_link.shards.learnt import Learnt
from tk_link.shards.spelling import Recipe
from tk_link.shards.store import Frames, Values, Workshop
from tk_link.shards.words import Words, found_by, learn_words, proposed


@dataclass(frozen=True)
class Chosen:
    """The passes of a run.

    Attributes:
        passes: The passes, the most useful first.
        recall: Expected share of the true pairs that they find; None where nothing is known.
        words: Rare words that bring rows together as well, where passes alone miss too much.
        is_search: Whether all texts are compared, beside what passes propose.
    """

    passes: tuple[Pass, ...]
    recall: Recall | None
    words: Words | None = None
    is_search: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All of them in words, and the search of all texts."""
        more = ["a rare word"] if self.words is not None else []
        more += ["the nearest of all texts"] if self.is_search else []
        return (*map(str, self.passes), *more)

    def warnings(self) -> Iterator[str]:
        """Yield what to know before the result is trusted."""
        if self.is_search:
            return
        if self.recall is None:
            yield "too few rows have a near twin to learn passes from: exact ones were taken"
        elif self.recall.share < ENOUGH:
            yield (
                f"passes find about {self.recall.share:.0%} of the true pairs; compare other "
                "columns (--on), or leave --work-dir out where one machine can hold the tables"
            )


def choose(
    learnt: Learnt,
    shop: Workshop,
    sample: pl.DataFrame,
    likely: tuple[pl.DataFrame, pl.DataFrame],
) -> Chosen:
    """Choose passes by the likely pairs that they find.

    Args:
        learnt: What is known of the table.
        shop: Counts values in every shard.
        sample: Spelled rows of the sample.
        likely: Rows of likely pairs (`tk_link.shards.likely.find_likely`).

    Raises:
        InputError: Likely pairs have nothing in common on which rows could meet.
    """
    recipe = learnt.recipe
    table, _ = recipe.table(sample)
    forms = forms_of(table, recipe.fields, most_identifying(table, table, recipe.fields))
    passes, (left, right) = all_passes(forms), likely
    if len(left) < FEWEST_LIKELY:
        return Chosen(tuple(group for group in passes if group.is_exact), None)
    keys = [_keys(side_of(recipe, left), group) for group in passes]
    others = [_keys(side_of(recipe, right), group) for group in passes]
    agree = [(a == b).fill_null(False) for a, b in zip(keys, others, strict=True)]
    useful = [n for n, same in enumerate(agree) if same.mean() >= LEAST_YIELD]  # type: ignore[operator]
    hits = np.zeros((len(passes), len(left)), dtype=bool)
    if useful:
        groups = [(n, passes[n]) for n in useful]
        wanted = pl.concat(
            pl.DataFrame({"key": keys[n].filter(agree[n])})
            .unique()
            .select(pl.lit(n, pl.Int32).alias("pass"), "key")
            for n in useful
        )
        stage, _ = shop.run("counts", partial(count, learnt, groups, wanted), learnt.layout.count)
        counts = proposed(learnt, stage)
        for n in useful:
            asked = pl.DataFrame({"key": keys[n]}).join(
                counts.filter(pl.col("pass") == n), on="key", how="left", maintain_order="left"
            )
            pairs = asked["pairs"].fill_null(0).to_numpy()
            hits[n] = agree[n].to_numpy() & (pairs <= MOST_PAIRS)
    chosen, found = _greedy(passes, hits)
    recall = _recall(found)
    if recall is not None and recall.share >= ENOUGH:
        return Chosen(chosen, recall)
    words = learn_words(learnt, sample)
    both = found | found_by(words, learnt, shop, likely)
    if not both.any():
        raise InputError(
            "rows that are alike share no rare values or words, by which rows meet over shards; "
            "leave --work-dir out, or compare columns that do (--on)"
        )
    return Chosen(chosen, _recall(both), words)


def side_of(recipe: Recipe, rows: pl.DataFrame) -> Side:
    """Return spelled rows as a side of a join."""
    table, _ = recipe.table(rows)
    return Side(table, [field.left for field in recipe.fields], recipe.fields)


def count(
    learnt: Learnt, groups: Sequence[tuple[int, Pass]], wanted: pl.DataFrame, shard: int
) -> tuple[Frames, Values]:
    """Count in a shard how many rows hold each wanted value: ``pass``, ``key``, ``n``, and side."""
    side = side_of(learnt.recipe, learnt.spelled.read(shard, "spelled"))
    found = []
    for n, group in groups:
        few = wanted.filter(pl.col("pass") == n).select("key")
        held = side.keys(group).join(few, on="key", how="semi").group_by("key").len("n")
        found.append(
            held.select(pl.lit(n, pl.Int32).alias("pass"), "key", pl.col("n").cast(pl.Int64))
        )
    counts = pl.concat(found).with_columns(is_right=pl.lit(learnt.layout.is_right(shard)))
    return {"counts": counts}, {}


def _keys(side: Side, group: Pass) -> pl.Series:
    """Return each row's joint hash; null where a form is missing."""
    keys = side.keys(group)
    rows = pl.DataFrame({"row": pl.int_range(len(side.table), dtype=pl.UInt32, eager=True)})
    return rows.join(keys, on="row", how="left", maintain_order="left")["key"]


def _greedy(
    passes: Sequence[Pass], hits: NDArray[np.bool_]
) -> tuple[tuple[Pass, ...], NDArray[np.bool_]]:
    """Take the most useful pass, again and again, while one more finds enough likely pairs.

    Returns:
        The passes, and the likely pairs that they find.
    """
    count = hits.shape[1]
    rest, times = hits.copy(), np.zeros(count)
    chosen = []
    for _ in range(min(MOST_TRIED, len(passes))):
        worth = rest @ AGAIN**times
        best = int(np.argmax(worth))
        if worth[best] < LEAST_YIELD * count:
            break
        chosen.append(passes[best])
        times += hits[best]
        rest[best] = False
    return tuple(chosen), times > 0


def _recall(found: NDArray[np.bool_]) -> Recall | None:
    everyone = np.arange(len(found))
    return recall_of(Likely(everyone, everyone, len(found)), found)

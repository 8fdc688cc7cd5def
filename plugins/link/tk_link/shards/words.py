"""Rows that share a rare word of their record texts, or two neighbouring ones: what passes miss.

Passes join whole values. Where titles or descriptions tell rows apart, values of the same thing
differ, but some words in them are rare and the same (token blocking, Papadakis and others 2020,
"Blocking and filtering techniques for entity resolution").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.passes import MOST_PAIRS
from tk_link.shards.learnt import Learnt
from tk_link.shards.store import Frames, Stage, Values, Workshop

PASS = 255
"""Number of this pass among the others."""
_MOST_ROWS, _SEEN = 50, 3
"""Words that a sample shows more than twice, and that so many rows must have, are not sent."""


@dataclass(frozen=True)
class Words:
    """The words that bring rows together.

    Attributes:
        common: Keys of words that are too common.
    """

    common: pl.Series

    def keys(self, record: pl.Series) -> pl.DataFrame:
        """Return ``row`` and ``key`` of every word, and pair of words, that is not too common."""
        words = pl.DataFrame({"word": record.str.split(" ")}).with_row_index("row")
        one = words.explode("word").filter(pl.col("word").str.len_chars() > 1)
        after = pl.col("word").shift(-1).over("row")
        two = one.select("row", word=pl.col("word") + " " + after).drop_nulls()
        hashed = pl.concat([one, two]).select("row", key=pl.col("word").hash(seed=1)).unique()
        return hashed.filter(~pl.col("key").is_in(self.common.implode()))


def learn_words(learnt: Learnt, sample: pl.DataFrame) -> Words:
    """Tell which words are too common, by a sample of spelled rows."""
    everything = Words(pl.Series(dtype=pl.UInt64)).keys(sample["record"])
    scale = learnt.layout.height / max(len(sample), 1)
    counts = everything.group_by("key").len("n").filter(pl.col("n") >= _SEEN)
    return Words(counts.filter(pl.col("n") * scale > _MOST_ROWS)["key"].sort())


def found_by(
    words: Words, learnt: Learnt, shop: Workshop, likely: tuple[pl.DataFrame, pl.DataFrame]
) -> NDArray[np.bool_]:
    """Tell which likely pairs share a word that is rare in all shards."""
    left, right = (words.keys(rows["record"]) for rows in likely)
    shared = left.join(right, on=["row", "key"])
    wanted = shared.select("key").unique().sort("key")
    stage, _ = shop.run("words", partial(count, words, learnt, wanted), learnt.layout.count)
    rare = proposed(learnt, stage).filter(pl.col("pairs") <= MOST_PAIRS)
    found = np.zeros(len(likely[0]), dtype=bool)
    found[shared.join(rare, on="key", how="semi")["row"].to_numpy()] = True
    return found


def count(words: Words, learnt: Learnt, wanted: pl.DataFrame, shard: int) -> tuple[Frames, Values]:
    """Count in a shard how many rows have each wanted word: ``pass``, ``key``, ``n``, and side."""
    held = words.keys(learnt.spelled.read(shard, "spelled", ["record"])["record"])
    counts = held.join(wanted, on="key", how="semi").group_by("key").len("n")
    is_right = pl.lit(learnt.layout.is_right(shard))
    number = pl.lit(PASS, pl.Int32).alias("pass")
    counts = counts.select(number, "key", pl.col("n").cast(pl.Int64), is_right=is_right)
    return {"counts": counts}, {}


def proposed(learnt: Learnt, stage: Stage) -> pl.DataFrame:
    """Return how many pairs each counted value would propose: ``pass``, ``key``, ``pairs``."""
    sides = (pl.col("n").filter(pl.col("is_right") == side).sum() for side in (False, True))
    lefts, rights = sides if learnt.layout.lefts else (pl.sum("n"), pl.sum("n"))
    return stage.lazily("counts").group_by("pass", "key").agg(pairs=lefts * rights).collect()

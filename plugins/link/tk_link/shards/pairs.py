"""Candidate pairs across shards: keys go to the shard of their hash, pairs to that of their row."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tk_link.candidates import COMMON_KEY
from tk_link.passes import MOST_PAIRS
from tk_link.shards import words
from tk_link.shards.learnt import Learnt
from tk_link.shards.passes import Chosen, side_of
from tk_link.shards.store import Frames, Stage, Values

_KEYS = {"to": pl.Int32, "pass": pl.UInt8, "key": pl.UInt64, "row": pl.Int64, "apart": pl.Int64}


def spread(learnt: Learnt, chosen: Chosen, shard: int) -> tuple[Frames, Values]:
    """Send the keys that each pass gives each row of a shard to the shards that join them."""
    rows = learnt.spelled.read(shard, "spelled")
    side = side_of(learnt.recipe, rows)
    keyed = [(n, side.keys(group)) for n, group in enumerate(chosen.passes)]
    if chosen.words is not None:
        keyed.append((words.PASS, chosen.words.keys(rows["record"])))
    found = [pl.DataFrame(schema=_KEYS)]
    for n, keys in keyed:
        found.append(
            keys.select(
                (pl.col("key") % learnt.layout.count).cast(pl.Int32).alias("to"),
                pl.lit(n, pl.UInt8).alias("pass"),
                "key",
                rows["row"].gather(keys["row"]).alias("row"),
                rows["apart"].gather(keys["row"]).alias("apart"),
            )
        )
    return {"keys": pl.concat(found)}, {}


def join(learnt: Learnt, chosen: Chosen, keys: Stage, shard: int) -> tuple[Frames, Values]:
    """Pair the rows that share a rare value, and send each pair to the shard of its left row."""
    found = keys.gather(shard, "keys")
    height = pl.len().over("pass", "key").cast(pl.Int64)
    lefts = rights = height
    if learnt.layout.lefts:
        rights = pl.col("apart").sum().over("pass", "key")  # 0 on the left, 1 on the right
        lefts = height - rights
    is_rare = lefts * rights <= MOST_PAIRS
    if chosen.is_search:
        is_rare = (lefts <= COMMON_KEY) & (rights <= COMMON_KEY)
    rare = found.filter((height > 1) & (lefts > 0) & (rights > 0) & is_rare)
    both = rare.join(rare, on=["pass", "key"], suffix="_right").filter(
        pl.col("row") < pl.col("row_right")
    )
    if learnt.recipe.apart or learnt.layout.lefts:
        both = both.filter(pl.col("apart") != pl.col("apart_right"))
    pairs = both.select(left="row", right="row_right").unique().sort("left", "right")
    return {"pairs": pairs.with_columns(learnt.layout.shard_of(pairs["left"]))}, {}


def ask(learnt: Learnt, proposed: Sequence[Stage], shard: int) -> tuple[Frames, Values]:
    """Keep each pair of a shard's rows once, and ask other shards for the rows they lack."""
    pairs = pl.concat([stage.gather(shard, "pairs") for stage in proposed])
    pairs = pairs.unique().sort("left", "right")
    rows = pairs["right"].unique().sort()
    return {"pairs": pairs, "asks": asks(learnt, rows, shard)}, {"pairs": len(pairs)}


def asks(learnt: Learnt, rows: pl.Series, shard: int) -> pl.DataFrame:
    """Return requests of a shard for rows, each to the shard that has it."""
    return pl.DataFrame(
        {
            "to": learnt.layout.shard_of(rows),
            "row": rows.cast(pl.Int64),
            "from": pl.Series([shard], dtype=pl.Int32).new_from_index(0, len(rows)),
        }
    )


def answer(learnt: Learnt, asked: Stage, shard: int) -> tuple[Frames, Values]:
    """Send a shard's rows, as they are compared, to those that asked for them."""
    wanted = asked.gather(shard, "asks").select("row", pl.col("from").alias("to"))
    rows = learnt.spelled.read(shard, "spelled")
    return {"rows": wanted.join(rows, on="row", how="inner")}, {}

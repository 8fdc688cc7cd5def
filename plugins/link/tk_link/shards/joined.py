"""Links joined back to the user's rows, a Parquet file for each left shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.config import Join, OutputConfig
from tk_link.linkage import ACCEPTED, PAIR_SCHEMA
from tk_link.shape import chosen_rows, joined_frame, rounded
from tk_link.shards.learnt import Learnt
from tk_link.shards.output import completed
from tk_link.shards.store import Frames, Stage, Values

Schema = Mapping[str, pl.DataType]
_ROW = "\0number"
_PAIR = ("left_id", "right_id", "match_probability", "match_score", "match_status", "match_kind")


def fetch(learnt: Learnt, ruled: Stage, schema: Schema, number: int) -> tuple[Frames, Values]:
    """Send the rows of a right shard, the first of which is 0, to where they are linked."""
    shard = learnt.layout.lefts + number
    wanted = ruled.gather(shard, "asks").select(_numbered("row"), pl.col("from").alias("to"))
    return {"rows": wanted.unique().join(_rows(learnt, schema, shard), on=_ROW, how="inner")}, {}


@dataclass(frozen=True)
class Joining:
    """What is written.

    Attributes:
        learnt: What is known of the tables.
        ruled: The stage that decided.
        scored: The stage that scored; the best of rows that had nothing to decide.
        fetched: The stage that fetched right rows.
        schemas: Columns of left and right rows.
        output: Options.
    """

    learnt: Learnt
    ruled: Stage
    scored: Stage
    fetched: Stage
    schemas: tuple[Schema, Schema]
    output: OutputConfig

    def write(self, shard: int) -> tuple[Frames, Values]:
        """Put together a shard: left rows with their partners, or right rows that have none."""
        layout = self.learnt.layout
        if layout.is_right(shard):
            return self._write_alone(shard)
        left = completed(layout.stage.read(shard, "rows"), self.schemas[0])
        right = self.fetched.gather(shard, "rows").sort(_ROW)
        first = layout.offsets[shard]
        links = rounded(self.ruled.gather(shard, "links")).drop("left_id", "right_id")
        links = pl.concat([links, self._hopeless(shard, links)], how="diagonal")
        links = links.with_columns(
            left_row=pl.col("left_row") - first,
            right_row=pl.Series(_places(right[_ROW].to_numpy(), links["right_row"].to_numpy())),
        ).sort("left_row", "match_rank", maintain_order=True)
        shown = links.filter(pl.col("match_status").is_in(ACCEPTED))
        join: Join = "left"  # right rows without a partner follow in files of their own
        if self.output.join != "outer":
            join = "inner" if self.output.join == "right" else self.output.join
        rows = chosen_rows(shown, links, (len(left), len(right)), join)
        numbers = layout.numbers(shard), right[_ROW] - layout.left_height
        frame = joined_frame(rows, left, right.drop(_ROW), self.output.suffix, numbers)
        return {"rows": frame}, {"rows": float(len(frame))}

    def _hopeless(self, shard: int, links: pl.DataFrame) -> pl.DataFrame:
        """Return the best candidate of the rows that were in no component."""
        pairs = self.scored.read(shard, "scored", ["left", "right", "probability"])
        best = (
            pairs.rename({"left": "left_row", "right": "right_row"})
            .join(links, on="left_row", how="anti")
            .sort("left_row", "probability", "right_row", descending=[False, True, False])
            .unique("left_row", keep="first", maintain_order=True)
        )
        return best.select(
            "left_row",
            "right_row",
            match_probability=pl.col("probability").round(6),
            match_status=pl.lit("none"),
            match_kind=pl.lit("different"),
            match_rank=pl.lit(1, pl.Int64),
        )

    def _write_alone(self, shard: int) -> tuple[Frames, Values]:
        """Write the right rows without a partner, as ``outer`` and ``right`` do at their end."""
        layout = self.learnt.layout
        linked = self.ruled.gather(shard, "asks").select(_numbered("row"))
        right = _rows(self.learnt, self.schemas[1], shard).join(linked, on=_ROW, how="anti")
        left = pl.DataFrame(schema=dict(self.schemas[0]))
        links = self.ruled.read(0, "links").drop("left_id", "right_id", "to").clear()
        rows = chosen_rows(links, links, (0, len(right)), "right")
        numbers = pl.Series(dtype=pl.Int64), right[_ROW] - layout.left_height
        frame = joined_frame(rows, left, right.drop(_ROW), self.output.suffix, numbers)
        return {"rows": frame}, {"rows": float(len(frame))}


def pairs(ruled: Stage, shard: int) -> tuple[Frames, Values]:
    """Put together the links of a left shard's rows, by their ids."""
    links = rounded(ruled.gather(shard, "links")).filter(pl.col("match_status").is_in(ACCEPTED))
    links = links.sort("left_row", "match_rank")
    more = [name for name in links.columns if name not in (*PAIR_SCHEMA, *_PAIR)]
    return {"rows": links.select(*_PAIR, *more)}, {"rows": float(len(links))}


def draws(ruled: Stage, shard: int) -> tuple[Frames, Values]:
    """Put together the link sets drawn from the components of a shard, by ids."""
    drawn = ruled.read(shard, "draws").sort("draw", "left_row", "right_row")
    rows = drawn.select("draw", "left_id", "right_id", pl.col("match_probability").round(6))
    return {"rows": rows}, {"rows": float(len(rows))}


def _rows(learnt: Learnt, schema: Schema, shard: int) -> pl.DataFrame:
    """Return a shard's rows as they are, with their numbers."""
    frame = completed(learnt.layout.stage.read(shard, "rows"), schema)
    return frame.select(learnt.layout.numbers(shard).alias(_ROW), pl.all())


def _numbered(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int64).alias(_ROW)


def _places(numbers: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each wanted number among ascending ones; any where it is not there."""
    return np.searchsorted(numbers, wanted).astype(np.int64)

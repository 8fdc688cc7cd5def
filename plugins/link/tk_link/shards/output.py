"""Results, a Parquet file for each shard: the user's rows with their clusters in front."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from tk.errors import OutputError
from tk_link.atomic import explained
from tk_link.dedupe.config import Keep
from tk_link.dedupe.golden import merge
from tk_link.dedupe.shape import OURS
from tk_link.shape import distinct
from tk_link.shards.learnt import Learnt
from tk_link.shards.store import Frames, Stage, Values
from tk_link.tables import Table
from tk_link.textview import text_view

_ROW, _CLUSTER = "\0row", "\0cluster"
_PART = re.compile(r"part-(\d{5})\.parquet")


def prepare(folder: Path, count: int, inputs: Sequence[str] = ()) -> None:
    """Make the folder of results.

    Raises:
        OutputError: It is a file, cannot be written, holds other files, or holds an input.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; over shards the result is a folder: name another")
    with explained(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        found = sorted(path.name for path in folder.iterdir())
    for file in inputs:
        if Path(file).expanduser().resolve().parent == folder.resolve():
            raise OutputError(f"{folder} holds the input {file}; name another folder")
    for name in found:
        part = _PART.fullmatch(name)
        if part is None or int(part[1]) >= count:
            raise OutputError(
                f"{folder} already holds {name}, which is no part of this run; name an empty folder"
            )


@dataclass(frozen=True)
class Writing:
    """What is written.

    Attributes:
        learnt: What is known of the tables.
        clusters: The stage that found clusters.
        scored: The stage that scored pairs.
        schema: Columns of all shards.
        keep: Rows to keep.
    """

    learnt: Learnt
    clusters: Stage
    scored: Stage
    schema: Mapping[str, pl.DataType]
    keep: Keep

    def write(self, shard: int) -> tuple[Frames, Values]:
        """Put together a shard's rows and what became of them."""
        ours, users, is_first = self._rows(shard)
        whole = ours.hstack(users)
        if self.keep == "first":
            whole = whole.filter(is_first)
        elif self.keep == "best":
            whole = whole.filter(ours[ours.columns[3]])
        return {"rows": whole}, {"kept": float(len(whole))}

    def send(self, shard: int) -> tuple[Frames, Values]:
        """Send a shard's rows that are in clusters of two or more to where their first row is."""
        found = self.clusters.gather(shard, "clusters").filter(pl.col("cluster_size") > 1)
        rows = self._users(shard).with_columns(self.learnt.layout.numbers(shard).alias(_ROW))
        sent = rows.join(
            found.select(pl.col("row").alias(_ROW), pl.col("cluster").alias(_CLUSTER)), on=_ROW
        )
        return {"rows": sent.with_columns(self.learnt.layout.shard_of(sent[_CLUSTER]))}, {}

    def merge(
        self, rules: Sequence[tuple[str, str]], sent: Stage, shard: int
    ) -> tuple[Frames, Values]:
        """Write one row for each cluster whose first row is in a shard, merged from its rows."""
        ours, users, is_first = self._rows(shard)
        ours = ours.with_columns(pl.lit(True).alias(ours.columns[3])).filter(is_first)
        several = (ours[ours.columns[1]] > 1).alias("several")
        rows = sent.gather(shard, "rows").sort(_ROW)
        frame = rows.drop(_ROW, _CLUSTER)
        recipe = self.learnt.recipe
        whole = [name for name in (recipe.id_column, recipe.source) if name is not None]
        members = rows.select(pl.col(_CLUSTER).alias("cluster"))
        table = Table("shard", frame, text_view(frame))
        merged = merge(table, members, rules, whole=whole)
        firsts = users.filter(is_first)
        place = pl.int_range(len(firsts), dtype=pl.Int64, eager=True).alias(_ROW)
        both = pl.concat(
            [
                firsts.with_columns(place).filter(~several),
                merged.with_columns(place.filter(several)),
            ]
        )
        result = ours.hstack(both.sort(_ROW).drop(_ROW))
        return {"rows": result}, {"kept": float(len(result))}

    def draw(self, draws: int, shard: int) -> tuple[Frames, Values]:
        """Write the cluster of each of a shard's rows in each draw: ``draw, id, cluster_id``."""
        rows = self.learnt.spelled.read(shard, "spelled", ["row", "name"])
        each = pl.DataFrame({"draw": np.arange(1, draws + 1)}).join(rows, how="cross")
        drawn = self.clusters.gather(shard, "drawn")
        found = each.join(drawn, on=["draw", "row"], how="left", maintain_order="left")
        cluster = pl.col("cluster_id").fill_null(pl.col("name"))
        return {"rows": found.select("draw", pl.col("name").alias("id"), cluster)}, {
            "kept": float(len(rows))
        }

    def _rows(self, shard: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
        """Return our columns, the user's, and which rows are the first of their clusters.

        A row in no component is alone.
        """
        rows = self.learnt.spelled.read(shard, "spelled", ["row", "name"])
        found = rows.join(
            self.clusters.gather(shard, "clusters"), on="row", how="left", maintain_order="left"
        )
        best = self.scored.gather(shard, "best").group_by("row").agg(pl.max("probability"))
        found = found.join(best, on="row", how="left", maintain_order="left")
        alone = pl.col("cluster_size").fill_null(1) == 1
        without = 1.0 - pl.col("probability").fill_null(0.0)
        ours = found.select(
            pl.col("cluster_id").fill_null(pl.col("name")),
            pl.col("cluster_size").fill_null(1),
            cluster_confidence=pl.when(alone)
            .then(pl.min_horizontal("cluster_confidence", without))
            .otherwise("cluster_confidence")
            .round(6),
            is_canonical=pl.col("is_canonical").fill_null(True),
        )
        ours.columns = list(distinct(list(OURS), {*self.learnt.recipe.columns}, "_"))
        first = pl.col("cluster").fill_null(pl.col("row")) == pl.col("row")
        return ours, self._users(shard), found.select(first=first).to_series()

    def _users(self, shard: int) -> pl.DataFrame:
        return completed(self.learnt.layout.stage.read(shard, "rows"), self.schema)


def pairs(clusters: Stage, shard: int) -> tuple[Frames, Values]:
    """Put together a shard's joined pairs."""
    joined = clusters.read(shard, "joined", ["left_id", "right_id", "match_probability"])
    return {"pairs": joined.with_columns(pl.col("match_probability").round(6))}, {}


def completed(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return a shard's columns with the types that all shards have."""
    texts = text_view(frame)
    return pl.DataFrame(
        [
            pl.Series(name, [None], dtype=dtype).new_from_index(0, len(frame))
            if name not in frame.columns
            else texts[name]
            if dtype == pl.String and frame[name].dtype != pl.String
            else frame[name].cast(dtype)
            for name, dtype in schema.items()
        ]
    )

"""Results, a Parquet file for each shard: the user's rows with their clusters in front."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from tk.errors import OutputError
from tk_link.atomic import explained
from tk_link.dedupe.config import Keep
from tk_link.dedupe.shape import OURS
from tk_link.shape import distinct
from tk_link.shards.learnt import Learnt
from tk_link.shards.store import Frames, Stage, Values
from tk_link.textview import text_view

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


def write(
    learnt: Learnt,
    clusters: Stage,
    scored: Stage,
    schema_keep: tuple[Mapping[str, pl.DataType], Keep],
    shard: int,
) -> tuple[Frames, Values]:
    """Put together a shard's rows and what became of them; a row in no component is alone."""
    schema, keep = schema_keep
    frame = learnt.layout.stage.read(shard, "rows")
    rows = learnt.spelled.read(shard, "spelled", ["row", "name"])
    found = rows.join(
        clusters.gather(shard, "clusters"), on="row", how="left", maintain_order="left"
    )
    best = scored.gather(shard, "best").group_by("row").agg(pl.max("probability"))
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
    ours.columns = list(distinct(list(OURS), {*learnt.recipe.columns}, "_"))
    is_first = found.select(
        first=pl.col("cluster").fill_null(pl.col("row")) == pl.col("row")
    ).to_series()
    whole = ours.hstack(completed(frame, schema))
    if keep == "first":
        whole = whole.filter(is_first)
    elif keep == "best":
        whole = whole.filter(ours[ours.columns[3]])
    return {"rows": whole}, {"kept": float(len(whole))}


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

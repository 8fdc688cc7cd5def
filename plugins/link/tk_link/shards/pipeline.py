"""A deduplication over shards, stage after stage; what was finished before is not done again.

The leader decides on samples (columns, passes, the model) and hands out shards; rows, pairs and
clusters never come to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from tk.errors import InputError, UsageError
from tk.protocols import Executor
from tk_link import candidates
from tk_link.columns import check_known
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.naming import id_column, profile_stacked
from tk_link.dedupe.pipeline import choose_fields
from tk_link.dedupe.stack import SOURCE
from tk_link.fields import Field
from tk_link.linkage import Recall, Skipped
from tk_link.progress import Progress
from tk_link.shape import distinct
from tk_link.shards import grouping, inputs, output, pairs, passes, proposing, scoring, spelling
from tk_link.shards.components import connect
from tk_link.shards.config import ShardConfig
from tk_link.shards.inputs import ROW, Layout, Piece
from tk_link.shards.learning import learn_rows
from tk_link.shards.learnt import Learnt
from tk_link.shards.starting import lay_out, open_workshop
from tk_link.shards.store import Note, Stage, Work, Workshop
from tk_link.tables import Table
from tk_link.views import build_views

_SAMPLE = 50_000
"""Rows on which columns are judged and n-grams counted."""


@dataclass(frozen=True)
class Result:
    """What a run over shards came to.

    Attributes:
        fields: The compared columns.
        skipped: The columns left out, each with its reason.
        id_column: Column that names rows, or None where their number does.
        rows: Rows of the inputs.
        shards: Shards.
        passes: The passes that proposed pairs, in words.
        recall: Expected share of the true pairs among the candidates; None where unknown.
        candidates: Pairs scored.
        joined: Pairs joined in one cluster.
        precision: Estimated share of true pairs among those joined, 0..1.
        clusters: Clusters of two rows or more.
        clustered: Rows in them.
        largest: Rows in the largest.
        kept: Rows written.
        reused: Pieces of work that an earlier run had finished.
        begun: Pieces of work that this run did.
        cpu_seconds: Processor seconds of every stage, those of earlier runs included.
        bytes: Bytes that every stage wrote.
        warnings: What the user should know before trusting the result.
    """

    fields: tuple[Field, ...]
    skipped: tuple[Skipped, ...]
    id_column: str | None
    rows: int
    shards: int
    passes: tuple[str, ...]
    recall: Recall | None
    candidates: int
    joined: int
    precision: float
    clusters: int
    clustered: int
    largest: int
    kept: int
    reused: int
    begun: int
    cpu_seconds: dict[str, float]
    bytes: dict[str, int]
    warnings: tuple[str, ...] = ()


def run(
    files: Sequence[str],
    config: DedupeConfig,
    shards: ShardConfig,
    *,
    folder: str,
    pairs_folder: str | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Result:
    """Find duplicates over shards and write the rows, a Parquet file a shard.

    Args:
        files: Tables, or folders of Parquet files.
        config: What to do.
        shards: How to go about it.
        folder: Folder for the rows.
        pairs_folder: Folder for the joined pairs; None writes none.
        executor: Does the work; None opens the one that `shards` names.
        progress: Told of every stage.

    Raises:
        InputError: A file or a column cannot be used.
        UsageError: An option has no meaning over shards.
        OutputError: Something cannot be written; what is finished stays.
        LimitError: A shard's process died again and again; likewise.
    """
    check_options(config)
    pieces = inputs.cut(files, shard_rows=shards.shard_rows)
    source = _source(pieces, config)
    paths = [piece.file for piece in pieces]
    outputs = [Path(each).expanduser().resolve() for each in (folder, pairs_folder) if each]
    for each in outputs:
        output.prepare(each, len(pieces), paths)
    if len({*outputs}) < len(outputs):
        raise UsageError(f"output and pairs are one folder, {folder}; name two")
    options = {name: value for name, value in asdict(config).items() if name != "threads"}
    shop = open_workshop(shards, options, pieces, executor=executor, progress=progress)
    layout = lay_out(shop, pieces, source)
    learnt, sample, skipped = _learn(shop, layout, config, source)
    found = proposing.choose(learnt, shop, sample)
    scored, rule, candidates = _score(shop, learnt, found, config)
    clusters, notes = _cluster(shop, learnt, scored, rule)
    schema = inputs.common_schema(layout.stage, range(layout.count))
    if source is not None:
        schema = {source: schema[source]} | schema
    writing = output.Writing(learnt, clusters, scored, schema, config.keep)
    work: Work = writing.write
    if config.draws is not None:
        work = partial(writing.draw, config.draws)
    elif config.keep == "golden":
        sent, _ = shop.run("merging", writing.send, layout.count)
        work = partial(writing.merge, config.golden, sent)
    _, kept = shop.run("output", work, layout.count, elsewhere=outputs[0])
    if pairs_folder is not None:
        shop.run("pairs-output", partial(output.pairs, clusters), layout.count,
                 elsewhere=outputs[1])  # fmt: skip
    total = _totals(notes)
    recipe = learnt.recipe
    return Result(
        fields=recipe.fields,
        skipped=skipped,
        id_column=recipe.id_column,
        rows=layout.height,
        shards=layout.count,
        passes=found.names,
        recall=found.recall,
        candidates=candidates,
        joined=int(total["joined"]),
        precision=total["probability"] / total["joined"] if total["joined"] else 1.0,
        clusters=int(total["clusters"]),
        clustered=int(total["rows"]),
        largest=int(total["largest"]),
        kept=int(sum(note.values["kept"] for note in kept)),
        reused=shop.reused,
        begun=shop.begun,
        cpu_seconds=shop.cpu_seconds,
        bytes=shop.bytes,
        warnings=_warnings(found, total, layout.height, config),
    )


def check_options(config: DedupeConfig) -> None:
    """Refuse what has no meaning over shards.

    Raises:
        UsageError: Such an option is set.
    """
    if config.retrieve not in ("auto", "lexical"):
        raise UsageError(
            f"retrieve {config.retrieve!r} is not offered over shards, where passes propose pairs; "
            "leave it out"
        )
    if config.cluster == "single-best":
        raise UsageError(
            "cluster single-best is not offered over shards; use average, cc, complete"
        )


def _source(pieces: Sequence[Piece], config: DedupeConfig) -> str | None:
    """Return the column of file names that is made, or None for a single file."""
    if len({piece.label for piece in pieces}) == 1:
        if config.across_only and config.source is None:
            raise UsageError(
                "across-only joins rows of different files, and there is one; name more files, or "
                "the column that says where a row is from (--source)"
            )
        return None
    return config.source or SOURCE


def _learn(
    shop: Workshop, layout: Layout, config: DedupeConfig, source: str | None
) -> tuple[Learnt, pl.DataFrame, tuple[Skipped, ...]]:
    """Decide on a sample how rows are compared, and write them down so; return its rows too."""
    drawn, _ = shop.run("sample", partial(inputs.sample, layout, _SAMPLE), layout.count)
    frames = [drawn.read(shard, "sample") for shard in range(layout.count)]
    text = pl.concat(frames, how="diagonal").sort(ROW)
    plain = text.drop(ROW)
    table = Table("the sample", plain, plain)
    made = source or config.source
    _check(config, table, source)
    profiles = profile_stacked(table, made)
    fields, skipped = choose_fields(table, profiles, replace(config, source=made))
    views = build_views(table, table, fields, profiles, profiles)
    compared = {field.left for field in fields}
    recipe = spelling.recipe_of(
        table,
        fields,
        {name: profiles[name].type for name in views.columns[0] if name not in compared},
        id_column=config.id or id_column(profiles),
        source=source,
        apart=config.across_only,
        identifying=None if views.identifying_field is None else views.identifying_field.left,
    )
    sample = recipe.spell(text, 0)
    k = config.k or candidates.K
    learnt, sample = learn_rows(shop, layout, (recipe, recipe), sample, nearest=(k, k))
    return learnt, sample, skipped


def _check(config: DedupeConfig, table: Table, source: str | None) -> None:
    """Check the columns that options name.

    Raises:
        InputError: One is unknown.
    """
    named = [*(config.on or ()), *(c for c, _ in config.types), *(c for c, _ in config.weights)]
    named += [config.id] if config.id is not None else []
    named += [config.source] if config.source is not None and source is None else []
    for column in named:
        check_known(column, table)
    taken = distinct([source], {*table.columns} - {source}, "_") if source else [source]
    if taken != [source]:
        raise InputError(f"column {source!r} is taken; name another with --source")


def _score(
    shop: Workshop, learnt: Learnt, found: passes.Chosen, config: DedupeConfig
) -> tuple[Stage, grouping.Rule, int]:
    count = learnt.layout.count
    asked, notes = proposing.propose(learnt, shop, found)
    answers, _ = shop.run("answers", partial(pairs.answer, learnt, asked), count)
    compared, _ = shop.run(
        "compared", partial(scoring.compare, learnt, asked, answers, ((), ())), count
    )
    candidates = int(sum(note.values["pairs"] for note in notes))
    weights = scoring.weights_of(compared, learnt)
    model = scoring.fit(compared, weights, candidates, learnt.layout.height)
    scored, _ = shop.run("scored", partial(scoring.score, compared, model, weights, learnt), count)
    rule = grouping.Rule(config.cluster, config.min_prob, model, weights, config.draws, config.seed)
    return scored, rule, candidates


def _cluster(
    shop: Workshop, learnt: Learnt, scored: Stage, rule: grouping.Rule
) -> tuple[Stage, list[Note]]:
    count = learnt.layout.count
    edges = partial(grouping.edges, scored, rule.least)
    stars = connect(shop, edges, learnt.layout.shard_of, count)
    sent, _ = shop.run("sent", partial(grouping.send, learnt, stars, scored), count)
    gathered, _ = shop.run("gathered", partial(grouping.gather, learnt, sent), count)
    answers, _ = shop.run("more-answers", partial(pairs.answer, learnt, gathered), count)
    return shop.run("clusters", partial(grouping.split, learnt, rule, gathered, answers), count)


def _totals(notes: Sequence[Note]) -> dict[str, float]:
    names = ("joined", "probability", "clusters", "rows")
    total = {name: sum(note.values[name] for note in notes) for name in names}
    return total | {"largest": max(note.values["largest"] for note in notes)}


def _warnings(
    found: passes.Chosen, total: dict[str, float], height: int, config: DedupeConfig
) -> tuple[str, ...]:
    out = list(found.warnings())
    if total["largest"] > max(config.max_cluster, 0):
        out.append(
            f"the largest cluster has {int(total['largest']):,} of {height:,} rows: look at it, or "
            "compare other columns (--on)"
        )
    return tuple(out)

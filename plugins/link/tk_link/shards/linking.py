"""A linkage over shards, stage after stage; what was finished before is not done again.

Rows of both tables become one table of which no two rows of a side meet (`tk_link.shards.sides`),
pairs are found and compared by the stages of `tk dedupe`, and decided component by component.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypedDict

from tk.errors import UsageError
from tk.protocols import Executor
from tk_link.config import LinkConfig, OutputConfig
from tk_link.decisions import cut_for
from tk_link.fields import Field
from tk_link.linkage import Cardinality, Recall, Skipped
from tk_link.outcome import STATUSES
from tk_link.progress import Progress
from tk_link.reading.several import expand
from tk_link.shards import (
    deciding,
    inputs,
    joined,
    output,
    pairs,
    passes,
    proposing,
    scoring,
    sides,
)
from tk_link.shards.components import connect
from tk_link.shards.config import ShardConfig
from tk_link.shards.deciding import Ruling
from tk_link.shards.learnt import Learnt
from tk_link.shards.starting import lay_out, open_workshop
from tk_link.shards.store import Note, Stage, Workshop

_Z90 = 1.645


class _Precision(TypedDict):
    precision: float
    precision_range: tuple[float, float]


@dataclass(frozen=True)
class LinkResult:
    """What a linkage over shards came to.

    Attributes:
        fields: The compared columns.
        skipped: The columns left out, each with its reason.
        left_id: Column that names left rows, or None where the row number does.
        right_id: Likewise for the right table.
        rows: Rows of the left and of the right table.
        shards: Shards of either.
        passes: The passes that proposed pairs, in words.
        recall: Expected share of the true pairs among the candidates; None where unknown.
        candidates: Pairs scored.
        how: Cardinality enforced.
        how_reason: Why that cardinality, in words.
        cut: Probability from which a pair is accepted.
        counts: Accepted pairs by status, and left rows without one by what became of the best.
        linked_left_rows: Left rows that have a partner.
        precision: Estimated precision of the accepted pairs, 0..1.
        precision_range: 90% range of that estimate.
        written: Rows written.
        reused: Pieces of work that an earlier run had finished.
        begun: Pieces of work that this run did.
        cpu_seconds: Processor seconds of every stage, those of earlier runs included.
        bytes: Bytes that every stage wrote.
        warnings: What the user should know before trusting the result.
    """

    fields: tuple[Field, ...]
    skipped: tuple[Skipped, ...]
    left_id: str | None
    right_id: str | None
    rows: tuple[int, int]
    shards: tuple[int, int]
    passes: tuple[str, ...]
    recall: Recall | None
    candidates: int
    how: Cardinality
    how_reason: str
    cut: float
    counts: dict[str, int]
    linked_left_rows: int
    precision: float
    precision_range: tuple[float, float]
    written: int
    reused: int
    begun: int
    cpu_seconds: dict[str, float]
    bytes: dict[str, int]
    warnings: tuple[str, ...] = ()


def run(
    left: str,
    right: str,
    config: LinkConfig,
    shape: OutputConfig,
    shards: ShardConfig,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> LinkResult:
    """Link two tables over shards and write what `shape` asks for, a Parquet file a shard.

    Args:
        left: A table, a pattern of several, or a folder of Parquet files.
        right: Likewise.
        config: How to link.
        shape: What to write, and the folder for it.
        shards: How to go about it.
        executor: Does the work; None opens the one that `shards` names.
        progress: Told of every stage.

    Raises:
        InputError: A file or a column cannot be used.
        UsageError: An option has no meaning over shards.
        OutputError: Something cannot be written; what is finished stays.
        LimitError: A shard's process died again and again; likewise.
    """
    check_options(config, shape)
    pieces, lefts = cut_sides(left, right, shards)
    folder = Path(str(shape.output)).expanduser().resolve()
    output.prepare(folder, _parts(shape, lefts, len(pieces)), [each.file for each in pieces])
    options = {"lefts": lefts} | asdict(config) | {"threads": None}
    shop = open_workshop(shards, options, pieces, executor=executor, progress=progress)
    layout = lay_out(shop, pieces, None, lefts=lefts)
    learning = sides.learn(shop, layout, (left, right), config)
    learnt = learning.learnt
    found = proposing.choose(learnt, shop, learning.sample)
    scored, ruling, candidates = _score(shop, learning, found, config)
    ruled, notes, cut = _decide(shop, learnt, scored, ruling)
    written = _write(shop, learnt, (ruled, scored), shape, folder, draws=config.draws)
    counts, total = _counted(notes, layout.left_height)
    return LinkResult(
        fields=learning.alignment.fields,
        skipped=learning.alignment.skipped,
        left_id=learning.ids[0],
        right_id=learning.ids[1],
        rows=(layout.left_height, layout.height - layout.left_height),
        shards=(lefts, len(pieces) - lefts),
        passes=found.names,
        recall=found.recall,
        candidates=candidates,
        how=ruling.how,
        how_reason=ruling.how_reason,
        cut=cut,
        counts=counts,
        linked_left_rows=int(total["linked"]),
        **_precision(counts["match"] + counts["review"], total),
        written=int(sum(note.values["rows"] for note in written)),
        reused=shop.reused,
        begun=shop.begun,
        cpu_seconds=shop.cpu_seconds,
        bytes=shop.bytes,
        warnings=tuple(found.warnings()),
    )


def cut_sides(left: str, right: str, shards: ShardConfig) -> tuple[list[inputs.Piece], int]:
    """Return the shards of both tables, left ones first, and how many those are."""
    lefts, rights = (
        inputs.cut(expand(file), shard_rows=shards.shard_rows) for file in (left, right)
    )
    return [*lefts, *rights], len(lefts)


def check_options(config: LinkConfig, shape: OutputConfig) -> None:
    """Refuse what has no meaning over shards.

    Raises:
        UsageError: Such an option is set, or the folder for the result is not named.
    """
    if shape.output is None:
        raise UsageError("over shards the result is a folder of Parquet files; name it with -o")
    if config.retrieve not in ("auto", "lexical"):
        raise UsageError(
            f"retrieve {config.retrieve!r} is not offered over shards, where passes propose pairs; "
            "leave it out"
        )
    if config.precision is not None and config.review_band is not None:
        raise UsageError("precision and review_band both set the cut over shards; leave one out")
    options = {
        "block": (config.block, "name its columns with --require: such pairs alone are linked"),
        "all": (config.all_pairs, "lower --min-prob, or take several partners with --how m:m"),
        "report": (shape.report, "make one of a part: tk link … --sample 20000 --report FILE"),
        "if_exists": (shape.if_exists, "name an empty folder with -o"),
    }
    for name, (value, instead) in options.items():
        if value:
            raise UsageError(f"{name} is not offered over shards; {instead}, or leave work_dir out")


def _counted(notes: Sequence[Note], lefts: int) -> tuple[dict[str, int], dict[str, float]]:
    """Return left rows and pairs by status, and the sums of all that shards told."""
    total = {name: sum(note.values[name] for note in notes) for name in notes[0].values}
    counts = {status: int(total[f"is {status}"]) for status in STATUSES}
    counts["none"] += lefts - int(total["shown"])
    return counts, total


def _precision(accepted: int, total: Mapping[str, float]) -> _Precision:
    """Return the mean probability of the accepted pairs and its 90% range."""
    mean = total["chances"] / accepted if accepted else 1.0
    half = _Z90 * total["spread"] ** 0.5 / max(accepted, 1)
    return {"precision": mean, "precision_range": (max(mean - half, 0.0), min(mean + half, 1.0))}


def _parts(shape: OutputConfig, lefts: int, count: int) -> int:
    """Return the number of files: one for a left shard, and where right rows follow, for those."""
    return count if shape.join in ("outer", "right") and not shape.pairs else lefts


def _score(
    shop: Workshop, learning: sides.Learning, found: passes.Chosen, config: LinkConfig
) -> tuple[Stage, Ruling, int]:
    """Find, compare and weigh pairs; they are in left shards alone."""
    learnt, layout = learning.learnt, learning.learnt.layout
    asked, _ = proposing.propose(learnt, shop, found)
    answers, _ = shop.run("answers", partial(pairs.answer, learnt, asked), layout.count)
    obeyed = learning.rules(config)
    work = partial(scoring.compare, learnt, asked, answers, obeyed)
    compared, notes = shop.run("compared", work, layout.lefts)
    candidates = int(sum(note.rows["compared"] for note in notes))
    given = (compared, answers)
    ruling = deciding.fit(shop, learning, given, candidates, config)
    scored, _ = shop.run("scored", partial(deciding.weigh, compared, ruling), layout.lefts)
    return scored, ruling, candidates


def _decide(
    shop: Workshop, learnt: Learnt, scored: Stage, ruling: Ruling
) -> tuple[Stage, list[Note], float]:
    """Bring components together, each in the shard of its first row, and decide them by one cut."""
    layout, config = learnt.layout, ruling.config
    stars = connect(shop, partial(deciding.edges, scored), layout.shard_of, layout.count)
    sent, _ = shop.run("sent", partial(deciding.send, learnt, stars, scored), layout.count)
    cut = config.review_band[0] if config.review_band else config.min_prob
    if config.precision is not None:
        kept, _ = shop.run("chances", partial(deciding.chances, learnt, ruling, sent), layout.lefts)
        chances = kept.lazily("chances").collect()["match_probability"].to_numpy()
        cut = cut_for(chances, config.precision)
        ruling = replace(ruling, config=replace(config, precision=None, min_prob=cut))
    work = partial(deciding.rule, learnt, ruling, sent)
    return *shop.run("decided", work, layout.lefts), cut


def _write(
    shop: Workshop,
    learnt: Learnt,
    decided: tuple[Stage, Stage],
    shape: OutputConfig,
    folder: Path,
    *,
    draws: int | None,
) -> list[Note]:
    """Write the result; `decided` are the stages of decided and of scored pairs."""
    layout, (ruled, scored) = learnt.layout, decided
    parts, name = _parts(shape, layout.lefts, layout.count), f"output-{_stamp(shape)}"
    if draws is not None:
        return shop.run(name, partial(joined.draws, ruled), layout.lefts, elsewhere=folder)[1]
    if shape.pairs:
        return shop.run(name, partial(joined.pairs, ruled), parts, elsewhere=folder)[1]
    lefts, count = layout.lefts, layout.count
    left, right = (
        inputs.common_schema(layout.stage, shards) for shards in (range(lefts), range(lefts, count))
    )
    fetch = partial(joined.fetch, learnt, ruled, right)
    fetched, _ = shop.run("fetched", fetch, count - lefts)
    joining = joined.Joining(learnt, ruled, scored, fetched, (left, right), shape)
    return shop.run(name, joining.write, parts, elsewhere=folder)[1]


def _stamp(shape: OutputConfig) -> str:
    """Return a short hash of how the output looks: every other is made of the same work."""
    said = json.dumps([shape.join, shape.pairs, shape.suffix])
    return hashlib.sha256(said.encode()).hexdigest()[:6]

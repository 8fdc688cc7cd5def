"""What going on from a state came to, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from tk_link.state.running import Kept, Step
from tk_link.summary import line

_FEW = 6


def tell_state(done: Step, state: str, *, verbose: bool = False) -> Iterator[str]:
    """Yield lines: the run, what each table brought, ids that came and went, judgements."""
    rows = done.rows
    if done.is_unchanged:
        yield line("state", f"{state}: nothing new since run {done.run}, whose result this is")
    else:
        yield line("state", f"{state}: run {done.run}, all {rows:,} rows linked")
    shown = done.news if verbose else done.news[:_FEW]
    for news in shown:
        if news.same_as is not None:
            yield line("", f"{news.name}: the same rows as {news.same_as}, read before")
            continue
        counts = ((news.new, "new"), (news.changed, "changed"), (news.known, "known"))
        said = [f"{count:,} {what}" for count, what in counts if count]
        if news.missing:
            said.append(f"{news.missing:,} earlier ones not in it any more, which stay")
        yield line("", f"{news.name}: {', '.join(said)}")
    if len(shown) < len(done.news):
        yield line("", f"and {len(done.news) - len(shown)} more (-v names them)")
    if done.changed:
        yield line("note", f"options are others than in the run before: {', '.join(done.changed)}")
    came = done.carried
    if came is not None and done.run > 1:
        away = f"{len(came.gone):,} went into older ones, {len(came.split):,} split"
        yield line("ids", f"{away}, {len(came.born):,} new")
    if done.kept is not None:
        yield line("earlier", _said(done.kept))
    judged = done.judged
    if judged or judged.absent:
        yield line("judged", str(judged.counts))


def _said(kept: Kept) -> str:
    """Say what keeping earlier decisions did, and what revising them would have done."""
    stay = f"all {kept.rows:,} rows keep their cluster"
    if kept.changed:
        stay = f"{kept.rows - kept.changed:,} of {kept.rows:,} rows keep their cluster, judgements "
        stay += f"moved {kept.changed:,}"
    return (
        f"{stay}; revise would give {kept.free:,} another id ({kept.joined:,} clusters into older "
        f"ones, {kept.split:,} split)"
    )


def state_json(done: Step, state: str) -> dict[str, object]:
    """Return the same as data."""
    carried = done.carried
    return {
        "file": state,
        "run": done.run,
        "is_unchanged": done.is_unchanged,
        "tables": [asdict(news) for news in done.news],
        "changed_options": list(done.changed),
        "gone": [] if carried is None else [list(pair) for pair in carried.gone],
        "split": [] if carried is None else list(carried.split),
        "kept": None if done.kept is None else asdict(done.kept),
        "born": 0 if carried is None else len(carried.born),
        "judged_same": len(done.judged.same),
        "judged_different": len(done.judged.different),
        "judged_absent": done.judged.absent,
    }

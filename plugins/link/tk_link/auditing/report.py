"""An audit as lines for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import polars as pl

from tk_link.auditing.estimate import Audit
from tk_link.evaluation.report import percent
from tk_link.summary import line


def lines(audit: Audit) -> Iterator[str]:
    """Yield what the judgements say."""
    unsure = f", {audit.unsure} unsure" if audit.unsure else ""
    outside = f"; {audit.outside:,} judgements of other pairs cannot count" if audit.outside else ""
    yield line("judged", f"{audit.judged} pairs{unsure}{outside}")
    yield line(
        "precision", f"{percent(audit.precision)}  of the {audit.pairs:,} accepted pairs are true"
    )
    if audit.recall is None:
        yield line(
            "recall",
            "not known: the file holds accepted pairs only; write the others too with --all",
        )
    else:
        yield line(
            "recall",
            f"{percent(audit.recall)}  of the true pairs were accepted, of all "
            f"{audit.pairs + audit.others:,} that were scored",
        )
        yield line("", "pairs that were never compared are in no sample and not counted")
    yield line("pairs", f"{'likelihood':<19}  {'pairs':>9}  judged  true  stated   truly about")
    for row in audit.strata.iter_rows(named=True):  # a dozen
        side = "accepted" if row["accepted"] else "other"
        yield line(
            f"  {side}",
            f"{row['low']:<7.2g} to {row['high']:<8.2g}  {row['pairs']:>9,}  {row['judged']:>6}  "
            f"{row['true']:>4}  {row['stated']:>6.3f}   {row['share']:.4f}",
        )
    yield from _cut(audit)


def _cut(audit: Audit) -> Iterator[str]:
    goal = f"precision {audit.wanted:g}" if audit.wanted is not None else "the best F1"
    if audit.cut is None:
        yield line("cut", f"none gives {goal}")
        return
    found = audit.cut
    yield line(
        "cut",
        f"--min-prob {found.cut:.4g} is expected to give {goal}: {found.pairs:,} pairs, precision "
        f"about {found.precision:.1%}, recall about {found.recall:.1%}",
    )


def to_json(audit: Audit) -> str:
    """Return one JSON object."""
    report = asdict(replace(audit, strata=pl.DataFrame()))
    report["strata"] = audit.strata.to_dicts()
    return json.dumps(report, indent=2)

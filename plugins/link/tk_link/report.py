"""The summary as data, for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from tk_link.config import Earlier
from tk_link.linkage import Linkage
from tk_link.masking import masked
from tk_link.outcome import borderline, linked_rows, status_counts
from tk_link.settings import Settings
from tk_link.tables import Table

if TYPE_CHECKING:  # the plan brings scipy, which a wrong file name need not wait for
    from tk_link.plan import Plan
    from tk_link.state.running import Step


def report_json(
    linkage: Linkage, left: Table, right: Table, settings: Settings, step: Step | None = None
) -> str:
    """Return one JSON object: tables, columns, decisions, counts, estimates, warnings.

    With ``step``, also what the run brought to its state.
    """
    report = {
        "left": _table(left) | {"id": linkage.left_id},
        "right": _table(right) | {"id": linkage.right_id},
        "fields": [asdict(field) for field in linkage.fields],
        "skipped": [asdict(column) for column in linkage.skipped],
        "candidates": linkage.candidates,
        "retrieval": linkage.choice.retrieval,
        "retrieval_reason": linkage.choice.reason,
        "retrieval_notes": list(linkage.retrieval_notes),
        "recall": asdict(linkage.recall) if linkage.recall is not None else None,
        "how": linkage.how,
        "how_reason": linkage.how_reason,
        "cut": linkage.cut,
        "cut_reason": linkage.cut_reason,
        "counts": status_counts(linkage, left),
        "variants": linkage.variants,
        "judged": asdict(linkage.judged) if linkage.judged is not None else None,
        "linked_left_rows": linked_rows(linkage),
        "precision": _number(linkage.precision),
        "precision_range": [_number(bound) for bound in linkage.precision_range],
        "borderline": borderline(linkage, left, right).to_dicts(),
        "timings": linkage.timings,
        "warnings": list(linkage.warnings),
        "output": masked(settings.output.output or "") or None,
        "report": settings.output.report,
        "seed": settings.link.seed,
    }
    if step is not None:
        from tk_link.state.telling import state_json  # noqa: PLC0415 - loads scipy

        report["state"] = state_json(step, settings.state or "")
    return json.dumps(report, indent=2, ensure_ascii=False)


def plan_json(plan: Plan, left: Table, right: Table, *, earlier: Earlier = "revise") -> str:
    """Return one JSON object: tables, columns and what a run would take."""
    report = {"left": _table(left), "right": _table(right)} | plan.figures()
    report["earlier"] = earlier
    return json.dumps(report, indent=2, ensure_ascii=False)


def _table(table: Table) -> dict[str, object]:
    return {
        "name": table.name,
        "rows": len(table),
        "columns": table.columns,
        "notes": list(table.notes),
    }


def _number(value: float) -> float | None:
    """Return None where a number is not known, which JSON has no other word for."""
    return None if math.isnan(value) else value

"""The summary as data, for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from tk_link.config import Earlier
from tk_link.dedupe.clustering import Clustering
from tk_link.dedupe.outcome import figures
from tk_link.dedupe.settings import DedupeSettings
from tk_link.dedupe.stack import Stack
from tk_link.masking import masked
from tk_link.plan import Plan


def report_json(
    clustering: Clustering,
    stack: Stack,
    settings: DedupeSettings,
    *,
    kept: int,
    state: Mapping[str, object] | None = None,
) -> str:
    """Return one JSON object: tables, columns, clusters, estimates, warnings, the state."""
    found = figures(clustering, stack)
    report = {
        "files": _files(stack),
        "rows": len(stack.table),
        "id": clustering.id_column,
        "source": stack.source,
        "fields": [_field(field) for field in asdict(clustering)["fields"]],
        "skipped": [{"column": s.column, "reason": s.reason} for s in clustering.skipped],
        "candidates": clustering.candidates,
        "retrieval": clustering.choice.retrieval,
        "retrieval_reason": clustering.choice.reason,
        "retrieval_notes": list(clustering.retrieval_notes),
        "joined_pairs": len(clustering.pairs),
        "method": clustering.method,
        "cut": settings.dedupe.min_prob,
        "clusters": found.clusters,
        "clustered_rows": found.rows,
        "precision": clustering.precision if found.clusters else None,
        "largest": found.largest.to_dicts(),
        "weakest": found.weakest.to_dicts(),
        "borderline": found.borderline.to_dicts(),
        "keep": settings.dedupe.keep,
        "kept_rows": kept,
        "timings": clustering.timings,
        "warnings": list(clustering.warnings),
        "output": masked(settings.output or "") or None,
        "pairs": masked(settings.pairs or "") or None,
        "report": settings.report,
        "judged": list(settings.judged),
        "state": state,
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def plan_json(plan: Plan, stack: Stack, *, earlier: Earlier = "revise") -> str:
    """Return one JSON object: tables, columns and what a run would take."""
    more = {
        "fields": [_field(asdict(field)) for field in plan.fields],
        "skipped": [{"column": s.column, "reason": s.reason} for s in plan.skipped],
    }
    report = {"files": _files(stack)} | plan.figures() | more | {"earlier": earlier}
    return json.dumps(report, indent=2, ensure_ascii=False)


def _files(stack: Stack) -> list[dict[str, object]]:
    return [
        {"name": t.name, "rows": len(t), "columns": t.columns, "notes": list(t.notes)}
        for t in stack.parts
    ]


def _field(field: dict[str, object]) -> dict[str, object]:
    return {"column": field["left"], "type": field["type"], "weight": field["weight"]}

"""A `Linkage` into the state and back, so that a run with nothing new has nothing to do."""

from __future__ import annotations

import json
from dataclasses import asdict

from tk_link.dense.choice import Choice
from tk_link.fields import Field
from tk_link.linkage import JudgedCounts, Linkage, Recall, Skipped
from tk_link.state.store import Store

_AS_IT_IS = (
    *("left_id", "right_id", "candidates", "how", "how_reason", "cut", "cut_reason"),
    *("precision", "variants"),
)


def keep_linkage(store: Store, run: int, linkage: Linkage) -> None:
    """Write `linkage` in place of the result before; inside a transaction."""
    store.write_frame("pairs", linkage.pairs)
    about = {name: getattr(linkage, name) for name in _AS_IT_IS} | {
        "fields": [asdict(field) for field in linkage.fields],
        "skipped": [asdict(skipped) for skipped in linkage.skipped],
        "precision_range": linkage.precision_range,
        "choice": asdict(linkage.choice),
        "retrieval_notes": linkage.retrieval_notes,
        "recall": None if linkage.recall is None else asdict(linkage.recall),
        "judged": None if linkage.judged is None else asdict(linkage.judged),
        "warnings": linkage.warnings,
    }
    store.write_about(run, json.dumps(about))


def kept_linkage(store: Store) -> Linkage:
    """Return the result of the last run, which ended."""
    about = json.loads(store.about())
    low, high = about["precision_range"]
    choice, recall, judged = about["choice"], about["recall"], about["judged"]
    return Linkage(
        **{name: about[name] for name in _AS_IT_IS},
        pairs=store.read_frame("pairs"),
        fields=tuple(Field(**field) for field in about["fields"]),
        skipped=tuple(Skipped(**skipped) for skipped in about["skipped"]),
        precision_range=(low, high),
        choice=Choice(**choice | {"warnings": tuple(choice["warnings"])}),
        retrieval_notes=tuple(about["retrieval_notes"]),
        recall=None if recall is None else Recall(**recall),
        judged=None if judged is None else JudgedCounts(**judged),
        warnings=tuple(about["warnings"]),
    )

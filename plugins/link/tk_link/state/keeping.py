"""A `Clustering` into the state and back, so that a run with nothing new has nothing to do."""

from __future__ import annotations

import json
from dataclasses import asdict

from tk_link.dedupe.clustering import Clustering
from tk_link.dense.choice import Choice
from tk_link.fields import Field
from tk_link.linkage import Skipped
from tk_link.state.store import Store


def keep_clustering(store: Store, run: int, clustering: Clustering) -> None:
    """Write `clustering` in place of the result before; inside a transaction."""
    store.write_frame("clustered", clustering.rows)
    store.write_frame("pairs", clustering.pairs)
    store.write_frame("apart", clustering.apart)
    store.write_frame("borderline", clustering.borderline)
    about = {
        "fields": [asdict(field) for field in clustering.fields],
        "skipped": [asdict(skipped) for skipped in clustering.skipped],
        "choice": asdict(clustering.choice),
        "id_column": clustering.id_column,
        "method": clustering.method,
        "candidates": clustering.candidates,
        "precision": clustering.precision,
        "retrieval_notes": clustering.retrieval_notes,
        "warnings": clustering.warnings,
    }
    store.write_about(run, json.dumps(about))


def kept_clustering(store: Store) -> Clustering:
    """Return the result of the last run, which ended."""
    about = json.loads(store.about())
    choice = about["choice"]
    return Clustering(
        fields=tuple(Field(**field) for field in about["fields"]),
        skipped=tuple(Skipped(**skipped) for skipped in about["skipped"]),
        id_column=about["id_column"],
        method=about["method"],
        rows=store.read_frame("clustered"),
        pairs=store.read_frame("pairs"),
        apart=store.read_frame("apart"),
        borderline=store.read_frame("borderline"),
        candidates=about["candidates"],
        precision=about["precision"],
        choice=Choice(**choice | {"warnings": tuple(choice["warnings"])}),
        retrieval_notes=tuple(about["retrieval_notes"]),
        warnings=tuple(about["warnings"]),
    )

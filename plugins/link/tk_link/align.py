"""Which column of the left table means the same as which column of the right.

Same names come first, then names that speak of the same things (`tk_link.wording`), then columns
that hold the same words in rows that are surely alike (`tk_link.witnesses`), then columns whose
values look alike. A column takes part at most once; several of one table may make up one of the
other (`tk_link.joining`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler
from scipy import sparse

from tk.errors import InputError
from tk_link import normalise
from tk_link.comparing import measures
from tk_link.computed import parse, parts_of, with_computed
from tk_link.evidence import Evidence
from tk_link.fields import Field, FieldType
from tk_link.joining import computed_pairs, may_convert, named_pairs
from tk_link.linkage import Skipped
from tk_link.ngrams import vectorise
from tk_link.profile import Profile, profile_column
from tk_link.tables import Table
from tk_link.witnesses import witnesses
from tk_link.wording import words

_SAMPLE = 2_000
_SIMILAR_NAME, _SIMILAR_CONTENT = 0.45, 0.55
"""Least scores at which a column pair is believed; see `name_score` and `content_scores`."""
_ALIKE, _STEADY = 0.4, 0.8
"""Least agreement of rows that are alike, and the agreement of numbers in a steady ratio."""

_VAGUE = {"name", "date", "year", "code", "type", "id", "number"}

_FAMILY: dict[FieldType, str] = {
    "text": "words", "name": "words", "org": "words", "address": "words", "category": "words",
    "code": "code", "phone": "code", "number": "number", "date": "date", "geo": "geo",
    "email": "email",
}  # fmt: skip
_COMPATIBLE = {("code", "number"), ("code", "words"), ("date", "number")}
_SPECIFIC: tuple[FieldType, ...] = (
    "email", "geo", "date", "phone", "name", "org", "address", "code", "number", "text", "category"
)  # fmt: skip
"""When the two sides were typed differently, the type that comes first here (or text) is used."""


@dataclass(frozen=True)
class Alignment:
    """The compared columns and those left out."""

    fields: tuple[Field, ...]
    skipped: tuple[Skipped, ...]


def align(
    left: Table,
    right: Table,
    left_profiles: Mapping[str, Profile],
    right_profiles: Mapping[str, Profile],
    *,
    on: Sequence[tuple[str, str]] | None = None,
    types: Mapping[str, FieldType] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Alignment:
    """Pair the columns of two tables.

    Args:
        left: Left table.
        right: Right table.
        left_profiles: Profile of each left column.
        right_profiles: Profile of each right column.
        on: Column pairs given by the user; nothing else is compared then.
        types: Field types given by the user, by column name of either side.
        weights: Field weights given by the user, by column name of either side.

    Raises:
        InputError: No column of one table corresponds to a column of the other.
    """
    types, weights = types or {}, weights or {}
    if on is not None:
        chosen = [(a, b, "given") for a, b in on]
    else:
        chosen = _search(left, right, left_profiles, right_profiles)
    lefts = with_profiles(left, left_profiles, [a for a, _, _ in chosen])
    rights = with_profiles(right, right_profiles, [b for _, b, _ in chosen])
    kinds = {
        (a, b): types.get(a) or types.get(b) or _type(left, right, lefts[a], rights[b])
        for a, b, _ in chosen
    }
    fields = tuple(
        Field(
            left=a,
            right=b,
            type=kinds[a, b],
            why=why + _units_read(left, right, a, b, kinds[a, b]),
            weight=weights.get(a, weights.get(b, 1.0)),
        )
        for a, b, why in chosen
    )
    if not fields:
        raise InputError(
            f"no column of '{left.name}' ({', '.join(left.columns)}) corresponds to a column of "
            f"'{right.name}' ({', '.join(right.columns)}); name the pairs with --on 'left=right,…'"
        )
    skipped = (
        *_left_out(left, left_profiles, [f.left for f in fields], given=on is not None),
        *_left_out(right, right_profiles, [f.right for f in fields], given=on is not None),
    )
    return Alignment(fields, skipped)


def with_profiles(
    table: Table, profiles: Mapping[str, Profile], columns: Sequence[str]
) -> dict[str, Profile]:
    """Return `profiles` with those of the computed columns among `columns`."""
    text = with_computed(table, columns).text
    new = {name: profile_column(text[name]) for name in columns if name not in profiles}
    return {**profiles, **new}


def _type(left: Table, right: Table, a: Profile, b: Profile) -> FieldType:
    """Return the type that both columns are compared as; what is converted is a number."""
    made = parse(a.name, left.columns), parse(b.name, right.columns)
    return "number" if any(c.factor is not None for c in made) else _joint(a, b)


def _units_read(left: Table, right: Table, a: str, b: str, type: FieldType) -> str:
    """Say so where numbers are compared with units that differ."""
    if type != "number" or not (a in left.text.columns and b in right.text.columns):
        return ""
    return ", units read" if measures.is_read(left.text[a], right.text[b]) else ""


def _joint(left: Profile, right: Profile) -> FieldType:
    both = {left.type, right.type}
    if len(both) == 1:
        return left.type
    if len({_FAMILY[t] for t in both}) > 1 and "date" not in both:
        return "text" if "words" in {_FAMILY[t] for t in both} else "code"
    return min(both, key=_SPECIFIC.index)


def _left_out(
    table: Table, profiles: Mapping[str, Profile], compared: Sequence[str], *, given: bool
) -> list[Skipped]:
    used = parts_of(compared, table)
    reasons = {
        "id": "names the rows",
        "constant": "one value in every row",
        "empty": "no values",
        "field": "not in --on" if given else "no counterpart in the other table",
    }
    return [
        Skipped(table.name, p.name, reasons[p.role])
        for p in profiles.values()
        if p.name not in used
    ]


def _search(
    left: Table, right: Table, lefts: Mapping[str, Profile], rights: Mapping[str, Profile]
) -> list[tuple[str, str, str]]:
    free_left = [p for p in lefts.values() if p.role == "field"]
    free_right = [p for p in rights.values() if p.role == "field"]
    if not free_left or not free_right:
        return []
    contents = content_scores(
        [left.text[p.name] for p in free_left], [right.text[p.name] for p in free_right]
    )
    types = [{p.name: p.type for p in side} for side in (free_left, free_right)]
    found = witnesses(left, right, *types)
    evidence = Evidence(found) if found is not None else None
    offers = [
        (*_offer(a, b, contents[x, y], evidence), x, y)
        for x, a in enumerate(free_left)
        for y, b in enumerate(free_right)
    ]
    offers.sort(key=lambda offer: (-offer[0], abs(offer[2] - offer[3])))
    taken: dict[int, tuple[int, str]] = {}
    for score, why, x, y in offers:
        if score > 0 and x not in taken and all(y != other for other, _ in taken.values()):
            taken[x] = (y, why)
    pairs = [(free_left[x].name, free_right[y].name, why) for x, (y, why) in taken.items()]
    if evidence is not None:
        pairs = computed_pairs(pairs, evidence, *types)
    else:
        pairs = named_pairs(pairs, free_left, free_right)
    order = {p.name: at for at, p in enumerate(free_left)}
    return sorted(pairs, key=lambda pair: order[parse(pair[0], order).parts[0]])


def _offer(a: Profile, b: Profile, content: float, evidence: Evidence | None) -> tuple[float, str]:
    """Score one column pair (0: do not pair) and say on what grounds."""
    families = {_FAMILY[a.type], _FAMILY[b.type]}
    agree = len(families) == 1 or tuple(sorted(families)) in _COMPATIBLE
    alike = _alike(a, b, evidence)
    likeness = content + 2 * alike
    if words(a.name) == words(b.name):
        return (3.0 + likeness, "same name") if agree or content > 0.1 else (0.0, "")
    if not agree:
        return 0.0, ""
    name = name_score(a, b)
    if name >= _SIMILAR_NAME:
        return 1.0 + name + likeness, "similar name"
    if alike >= _ALIKE:
        return 1.0 + likeness, "same values"
    if content >= _SIMILAR_CONTENT and families <= {"words", "code", "email"}:
        return content, "similar content"
    return 0.0, ""


def _alike(a: Profile, b: Profile, evidence: Evidence | None) -> float:
    """Return how much rows that are alike agree on two columns, 0..1."""
    if evidence is None:
        return 0.0
    alike = evidence.alike(a.name, b.name)
    if may_convert(a.type, b.type) and evidence.factor(a.name, b.name) is not None:
        return max(alike, _STEADY)
    return alike


def name_score(a: Profile, b: Profile) -> float:
    """Return how much two column names speak of the same things, 0..1."""
    either = a.concepts | b.concepts
    if not either:
        return 0.0
    weight = {concept: 0.5 if concept in _VAGUE else 1.0 for concept in either}
    shared = sum(weight[c] for c in a.concepts & b.concepts) / sum(weight.values())
    spelling = JaroWinkler.normalized_similarity("".join(words(a.name)), "".join(words(b.name)))
    return max(shared, spelling if spelling > 0.9 else 0.0)


def content_scores(lefts: Sequence[pl.Series], rights: Sequence[pl.Series]) -> NDArray[np.float64]:
    """Return the likeness of every left column's values to every right column's, 0..1.

    Each column is one point in the space of character 3-grams, the mean of its values' TF-IDF
    vectors; the score is the cosine between two points, minus what unlike columns of the same
    language have in common.
    """
    samples = [
        normalise.text(c.drop_nulls().sample(min(_SAMPLE, len(c.drop_nulls())), seed=0))
        for c in (*lefts, *rights)
    ]
    column = np.repeat(np.arange(len(samples)), [len(s) for s in samples])
    vectors = vectorise(pl.concat(samples), pl.Series([], dtype=pl.String)).left
    member = sparse.csr_matrix((np.ones(len(column)), (column, np.arange(len(column)))))
    points = (member @ vectors).toarray()
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    cosine: NDArray[np.float64] = points[: len(lefts)] @ points[len(lefts) :].T
    return cosine

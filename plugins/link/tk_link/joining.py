"""Columns of one table that the other keeps in one: first and last name, street and town.

A column that has no counterpart joins a pair where its words stand in the other table's cells, and
where they are words that the pair did not yet explain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tk_link.evidence import Evidence, Words, share_inside
from tk_link.fields import FieldType
from tk_link.profile import Profile

Pair = tuple[str, str, str]

_PARTS = frozenset({"first", "middle", "last"})
_NO_PERSON = frozenset({"org", "maker"})
_INSIDE = 0.5
"""Least share of a part's words that must stand in the whole."""
_GAIN = 0.1
"""Least share of the whole's words that a further part must explain."""
_EXPLAINED = 0.5
"""Least share of the whole's words that all parts must explain together."""


def parts_of(
    whole: Words, first: str | None, free: Sequence[str], cells: Mapping[str, Words]
) -> list[str]:
    """Return the columns that make up `whole`, in the order of their table.

    Args:
        whole: Words of the column that may hold several others.
        first: The column that it is paired with, if it is.
        free: Columns without counterpart.
        cells: Words of all these columns.

    Returns:
        ``[first]``, or nothing without one, where no two or more columns explain it better.
    """
    chosen = [first] if first is not None else []
    left = [name for name in free if share_inside(cells[name], whole) >= _INSIDE]
    explained = _explained(whole, chosen, cells)
    while left:
        best = max(left, key=lambda name: _explained(whole, [*chosen, name], cells))
        gained = _explained(whole, [*chosen, best], cells)
        if gained - explained < _GAIN:
            break
        chosen.append(best)
        left.remove(best)
        explained = gained
    if len(chosen) < 2 or explained < _EXPLAINED:
        return [first] if first is not None else []
    return [name for name in cells if name in chosen]


def computed_pairs(
    pairs: Sequence[Pair],
    evidence: Evidence,
    lefts: Mapping[str, FieldType],
    rights: Mapping[str, FieldType],
) -> list[Pair]:
    """Return `pairs` with columns joined and numbers converted where the evidence says so.

    Args:
        pairs: Left column, right column and the reason why they belong together.
        evidence: What rows that are alike say.
        lefts: Left columns that may take part, and their types.
        rights: Likewise for the right table.
    """
    free_left = [n for n in lefts if "+" not in n and n not in {a for a, _, _ in pairs}]
    free_right = [n for n in rights if "+" not in n and n not in {b for _, b, _ in pairs}]
    cells, others = evidence.rows.left.words, evidence.rows.right.words
    out = []
    for a, b, why in pairs:
        several = parts_of(others[b], a, free_left if "+" not in a else [], cells)
        free_left = [name for name in free_left if name not in several]
        if len(several) > 1:
            out.append((_joined(several), b, "joined columns"))
            continue
        several = parts_of(cells[a], b, free_right if "+" not in b else [], others)
        free_right = [name for name in free_right if name not in several]
        if len(several) > 1:
            out.append((a, _joined(several), "joined columns"))
        else:
            out.append((_converted(a, b, evidence, lefts[a], rights[b]), b, why))
    for b in list(free_right):
        several = parts_of(others[b], None, free_left, cells)
        free_left = [name for name in free_left if name not in several]
        out += [(_joined(several), b, "joined columns")] if several else []
    for a in list(free_left):
        several = parts_of(cells[a], None, free_right, others)
        free_right = [name for name in free_right if name not in several]
        out += [(a, _joined(several), "joined columns")] if several else []
    return out


def named_pairs(
    pairs: Sequence[Pair], lefts: Sequence[Profile], rights: Sequence[Profile]
) -> list[Pair]:
    """Return `pairs` with first and last names joined where only what they are called can tell."""
    out = list(pairs)
    for parts, wholes, is_left in ((lefts, rights, True), (rights, lefts, False)):
        names = [p.name for p in parts if p.concepts & _PARTS]
        whole = [w.name for w in wholes if "name" in w.concepts and not w.concepts & _NO_PERSON]
        is_apart = {"first", "last"} <= frozenset[str]().union(*(p.concepts for p in parts))
        if not is_apart or len(whole) != 1 or any(w.concepts & _PARTS for w in wholes):
            continue
        pair = (_joined(names), whole[0]) if is_left else (whole[0], _joined(names))
        used = {*names, *whole}
        out = [given for given in out if not used & {given[0], given[1]}]
        out.append((*pair, "joined columns"))
    return out


def _joined(parts: Sequence[str]) -> str:
    return "+".join(parts)


def _converted(a: str, b: str, evidence: Evidence, left: FieldType, right: FieldType) -> str:
    """Return the left column, times what makes its numbers the right ones."""
    if not may_convert(left, right):
        return a
    factor = evidence.factor(a, b)
    return a if factor is None or factor == 1 else f"{a}*{factor:g}"


def may_convert(left: FieldType, right: FieldType) -> bool:
    """Tell whether two columns may be one number in two units; long numbers look like codes."""
    return "number" in (left, right) and {left, right} <= {"number", "code"}


def _explained(whole: Words, parts: Sequence[str], cells: Mapping[str, Words]) -> float:
    """Return the share of the words of `whole` that the parts hold together."""
    if not parts:
        return 0.0
    together = [frozenset().union(*row) for row in zip(*(cells[p] for p in parts), strict=True)]
    return max(share_inside(whole, together), 0.0)

"""Keep some labelled pictures for validation, the same ones on every machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b

from tk.errors import UsageError


def split(
    labels: Sequence[str], digests: Sequence[str], *, share: float, seed: int = 0
) -> tuple[list[int], list[int]]:
    """Return the numbers of the pictures to learn from and of those to validate on, in order.

    Of every class the same share goes, chosen by the files' contents: renaming a file changes
    nothing, and copies of one picture stay together. A class with one picture keeps it for
    learning, and so does a picture that stands in several classes.

    Raises:
        UsageError: `share` is not from 0 to below 1.
    """
    if not 0 <= share < 1:
        raise UsageError(f"validation share is {share}, must be from 0 to below 1")
    classes: dict[str, set[str]] = defaultdict(set)
    for label, digest in zip(labels, digests, strict=True):
        classes[label].add(digest)
    shared = set(conflicts(labels, digests))
    held_out: set[str] = set()
    for members in classes.values():
        own = sorted(members - shared, key=lambda digest: _rank(digest, seed))
        wanted = max(round(share * len(own)), 1) if share else 0
        held_out |= set(own[: min(wanted, len(members) - 1)])
    numbers = range(len(digests))
    learnt = [number for number in numbers if digests[number] not in held_out]
    return learnt, [number for number in numbers if digests[number] in held_out]


def conflicts(labels: Sequence[str], digests: Sequence[str]) -> dict[str, list[str]]:
    """Return the digests of pictures that stand in several classes, with these."""
    classes: dict[str, set[str]] = defaultdict(set)
    for label, digest in zip(labels, digests, strict=True):
        classes[digest].add(label)
    return {digest: sorted(found) for digest, found in classes.items() if len(found) > 1}


def _rank(digest: str, seed: int) -> bytes:
    return blake2b(f"{seed} {digest}".encode(), digest_size=16).digest()

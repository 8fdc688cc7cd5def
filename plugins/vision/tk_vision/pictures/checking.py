"""Decode every picture once before work begins: what is damaged, its colours, its digest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from os import cpu_count
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from tk.errors import InputError
from tk_vision.pictures.decoding import decode_bytes
from tk_vision.pictures.listing import Say
from tk_vision.pictures.picture import Picture, PictureError

_SHOWN = 10
_SIDE = 64
"""Colours are measured on pictures of about this size."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Facts:
    """What a picture is like.

    Attributes:
        digest: Of its file; equal for copies.
        width: In cells, upright.
        height: In cells, upright.
        mean: Of red, green and blue, 0 to 1.
        square: Mean of their squares.
        reason: Why it cannot be used; empty where it can, and then the rest holds.
    """

    digest: str = ""
    width: int = 0
    height: int = 0
    mean: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    square: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    reason: str = ""


def look_at(picture: Picture) -> Facts:
    """Decode a picture and describe it; damage is a fact too."""
    try:
        data = picture.read()
        image = decode_bytes(data, picture.name)
    except PictureError as e:
        return Facts(reason=e.reason)
    width, height = image.size
    image.thumbnail((_SIDE, _SIDE))
    values = np.asarray(image, dtype=np.float64).reshape(-1, 3) / 255
    digest = blake2b(data, digest_size=16).hexdigest()
    return Facts(digest, width, height, values.mean(0), (values**2).mean(0))


def look_at_all(pictures: Sequence[Picture]) -> list[Facts]:
    """Describe every picture, in order, with a bar on a terminal."""
    return list(in_threads(look_at, pictures, what="looking at pictures"))


def sound(
    pictures: Sequence[Picture], facts: Sequence[Facts], *, skip_bad: bool, say: Say
) -> tuple[list[Picture], list[Facts]]:
    """Return the pictures that can be used, with their facts.

    Raises:
        InputError: Some cannot, and `skip_bad` does not leave them out, or none is left.
    """
    pairs = list(zip(pictures, facts, strict=True))
    bad = [(picture.name, fact.reason) for picture, fact in pairs if fact.reason]
    good = [(picture, fact) for picture, fact in pairs if not fact.reason]
    if bad and not (skip_bad and good):
        hint = "\n--skip-bad leaves them out" if good else ""
        raise InputError(f"{told(bad, len(pairs))}{hint}")
    if bad:
        say(f"note: left out: {told(bad, len(pairs))}")
    return [picture for picture, _ in good], [fact for _, fact in good]


def told(bad: Sequence[tuple[str, str]], total: int) -> str:
    """Name damaged pictures and what is wrong with each."""
    lines = [f"\n  {name}: {reason}" for name, reason in bad[:_SHOWN]]
    more = f"\n  and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    return f"{len(bad)} of {total} pictures cannot be used:{''.join(lines)}{more}"


def spread(facts: Sequence[Facts]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of the channels over pictures, each counting alike."""
    mean = np.mean([fact.mean for fact in facts], axis=0)
    square = np.mean([fact.square for fact in facts], axis=0)
    deviation = np.sqrt(np.maximum(square - mean**2, 1e-4))  # pictures of one colour have none
    return tuple(mean.round(4).tolist()), tuple(deviation.round(4).tolist())


def in_threads(
    function: Callable[[T], R], items: Iterable[T], *, what: str = "", total: int | None = None
) -> Iterator[R]:
    """Yield ``function(item)`` in order; Pillow lets other threads run while it decodes.

    Only a few items are ahead of the reader, so that memory stays small.
    """
    workers = min(cpu_count() or 1, 16)
    total = len(items) if isinstance(items, Sequence) else total
    is_shown = bool(what) and sys.stderr.isatty()
    with (
        ThreadPoolExecutor(workers) as pool,
        tqdm(total=total, desc=what, disable=not is_shown, leave=False) as bar,
    ):
        waiting = []
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 4 * workers:
                yield waiting.pop(0).result()
                bar.update()
        for future in waiting:
            yield future.result()
            bar.update()

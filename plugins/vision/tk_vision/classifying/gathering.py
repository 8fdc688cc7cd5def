"""The parts of a set of labelled pictures: found, looked at, split where they are not yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tk.errors import InputError
from tk_vision.classifying.labels import check_known, class_names
from tk_vision.classifying.splitting import conflicts, split
from tk_vision.pictures.checking import Facts, look_at_all, sound
from tk_vision.pictures.listing import Columns, list_labelled, list_parts
from tk_vision.pictures.picture import Picture

_SHOWN = 5


@dataclass(frozen=True)
class Part:
    """Sound pictures and what they are like."""

    pictures: Sequence[Picture]
    facts: Sequence[Facts]

    def take(self, numbers: Sequence[int]) -> Part:
        """Return some of them."""
        return Part([self.pictures[n] for n in numbers], [self.facts[n] for n in numbers])


@dataclass
class Gathered:
    """All that a model is trained and measured on.

    Attributes:
        train: What it learns from.
        validation: What its best state is chosen on.
        test: What is looked at once.
        classes: Names, in order of their numbers.
        notes: What a person should know.
    """

    train: Part
    classes: list[str]
    validation: Part | None = None
    test: Part | None = None
    notes: list[str] = field(default_factory=list)

    def parts(self) -> dict[str, Part]:
        """Return the parts that there are, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None and part.pictures}


def gather(
    data: Path,
    *,
    validation: Path | None,
    test: Path | None,
    share: float,
    seed: int,
    columns: Columns,
    skip_bad: bool,
) -> Gathered:
    """Find, check and split the pictures.

    Raises:
        InputError: There are none, some are damaged, or there are fewer than two classes.
    """
    notes: list[str] = []

    def read(path: Path) -> Part:
        pictures = list_labelled(path, columns, say=notes.append)
        facts = look_at_all(pictures)
        return Part(*sound(pictures, facts, skip_bad=skip_bad, say=notes.append))

    own = list_parts(data)
    train = read(own.get("train", data))
    classes = class_names(train.pictures)
    if len(classes) < 2:
        raise InputError(f"{data} has one class only, {classes[0]!r}; there must be two or more")
    places = {"validation": validation or own.get("validation"), "test": test or own.get("test")}
    others = {name: read(path) for name, path in places.items() if path}
    for name, part in others.items():
        check_known(part.pictures, classes, where=str(places[name]))
    gathered = Gathered(train, classes, notes=notes, **others)
    if "validation" not in others and share:
        _split(gathered, share, seed)
    _note_oddities(gathered, train)
    return gathered


def _split(gathered: Gathered, share: float, seed: int) -> None:
    whole = gathered.train
    labels = [picture.label for picture in whole.pictures]
    learnt, held_out = split(labels, [f.digest for f in whole.facts], share=share, seed=seed)
    gathered.train = whole.take(learnt)
    gathered.validation = whole.take(held_out) if held_out else None


def _note_oddities(gathered: Gathered, whole: Part) -> None:
    labels = [picture.label for picture in whole.pictures]
    single = [name for name, count in Counter(labels).items() if count == 1]
    if single:
        gathered.notes.append(
            f"note: classes with one picture, which is learnt and not checked: {_some(single)}"
        )
    digests = [fact.digest for fact in whole.facts]
    several = conflicts(labels, digests)
    if several:
        names = [
            f"{gathered_name} ({', '.join(several[digest])})"
            for gathered_name, digest in zip((p.name for p in whole.pictures), digests, strict=True)
            if digest in several
        ]
        gathered.notes.append(f"note: pictures that stand in several classes: {_some(names)}")
    if gathered.validation is None:
        gathered.notes.append("note: there are no validation pictures; the last state is kept")
        return
    learnt = {fact.digest for fact in gathered.train.facts}
    again = sum(fact.digest in learnt for fact in gathered.validation.facts)
    if again:
        gathered.notes.append(
            f"note: {again} of {len(gathered.validation.facts)} validation pictures are copies of "
            "training pictures; figures on them are too good"
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f", and {len(names) - _SHOWN} more" * (len(names) > _SHOWN))

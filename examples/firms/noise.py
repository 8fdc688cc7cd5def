"""How one register comes to write a fact differently from another."""

import random
import string
from collections.abc import Sequence

from words import FOLDS


def typo(text: str, rng: random.Random) -> str:
    """Drop, double, replace or swap one letter of `text`."""
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + rng.choice(string.ascii_lowercase) + text[at + 1 :]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def abbreviate(text: str, pairs: Sequence[tuple[str, str]], rng: random.Random) -> str:
    """Shorten each long form of `pairs` in `text` with even chance."""
    for long, short in pairs:
        if long in text and rng.random() < 0.5:
            text = text.replace(long, short)
    return text


def fold(text: str) -> str:
    """Write accented letters without accents, German ones with two letters."""
    return "".join(FOLDS.get(letter, letter) for letter in text)

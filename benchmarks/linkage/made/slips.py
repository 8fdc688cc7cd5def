"""Slips of the pen that all made data share."""

import random
import string


def slip(text: str, rate: float, rng: random.Random) -> str:
    """With chance `rate` drop, add, replace or swap one letter of `text`."""
    if len(text) < 4 or rng.random() >= rate:
        return text
    at = rng.randrange(1, len(text) - 1)
    letter = rng.choice(string.ascii_lowercase)
    return rng.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + letter + text[at + 1 :],
            text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :],
        )
    )


def gap(text: str, rate: float, rng: random.Random) -> str:
    """Leave `text` out with chance `rate`."""
    return "" if rng.random() < rate else text

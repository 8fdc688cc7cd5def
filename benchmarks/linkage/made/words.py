"""Two tables of words drawn at random, some of them changed between the tables."""

import random
import re

from made.linkset import LinkSet, Row, linked

SYLLABLES = re.findall("..", "bacedifoguhakilomunepirisotuvewaxiyoze")


def words(
    rng: random.Random, *, left: int, right: int, rate: float, columns: int = 8, common: int = 300
) -> LinkSet:
    """Make rows of `columns` words each; a match has one word in five changed or missing.

    Every column draws from `common` words of its own, a word in proportion to 1 / rank.
    """
    pools = [["".join(rng.choices(SYLLABLES, k=3)) for _ in range(common)] for _ in range(columns)]
    weights = [1.0 / (rank + 1) for rank in range(common)]

    def row() -> Row:
        return tuple(rng.choices(pool, weights)[0] for pool in pools)

    def copied(words: Row) -> Row:
        return tuple(_changed(word, pools[n], rng) for n, word in enumerate(words))

    shared = round(left * rate)
    things = [row() for _ in range(left + right - shared)]
    names = [f"column_{n}" for n in range(columns)]
    return linked(
        names,
        names,
        [(thing, thing) for thing in things[:left]],
        [(thing, copied(thing)) for thing in (*things[:shared], *things[left:])],
        rng,
    )


def _changed(word: str, pool: list[str], rng: random.Random) -> str:
    luck = rng.random()
    if luck < 0.1:
        return ""
    return rng.choice(pool) if luck < 0.2 else word

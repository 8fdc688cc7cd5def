"""How a name sounds: a short key that spellings of one sound share.

Consonants in the order heard, vowels dropped but for a first one. In the spirit of Soundex (Russell
1918) and Metaphone (Philips 1990), with the spellings that English and German registers mix up.
"""

from __future__ import annotations

import polars as pl

_RULES = (
    (r"[^a-z]", ""),
    (r"^(?:kn|gn|pn)", "n"),
    (r"^wr", "r"),
    (r"^ps|^x", "s"),
    (r"^wh|^[hw]", "H"),  # heard at the start of a name only
    (r"sch|sh", "S"),
    (r"tch|ch|tS", "C"),
    (r"ph", "f"),
    (r"th|dt", "t"),
    (r"gh$|gh([^aeiou])", "$1"),
    (r"gh", "g"),
    (r"dg([eiy])|^g([eiy])", "j$1$2"),
    (r"sc([eiy])", "s$1"),
    (r"c([eiy])", "s$1"),
    (r"ck|[cq]", "k"),
    (r"x", "ks"),
    (r"tz|z", "s"),
    (r"v", "f"),
    (r"mb$", "m"),
    (r"^[aeiouy]+", "A"),
    (r"[aeiouyhw]", ""),
)
"""After folding to plain lower case; each replaced everywhere, in this order."""
_LETTERS = "bdfgjklmnprstCSAH"


def sounds(names: pl.Series) -> pl.Series:
    """Return the key of each name as `tk_link.normalise.text` spells it; empty without letters."""
    key = names
    for pattern, spelling in _RULES:
        key = key.str.replace_all(pattern, spelling)
    for letter in _LETTERS:
        key = key.str.replace_all(f"{letter}{letter}+", letter)
    return key

"""Candidates with scores given, for what decides by them alone."""

import numpy as np

from tk_link.candidates import Pairs
from tk_link.scoring.score import Scores


def scored(rows):
    """Make candidates and scores of (left, right, log odds) rows."""
    rows = sorted(rows)
    left, right = (np.array([r[n] for r in rows], dtype=np.int32) for n in (0, 1))
    log_odds = np.array([float(r[2]) for r in rows])
    chance = 1 / (1 + np.exp(-log_odds))
    levels, similarity = np.ones((len(rows), 1), np.int8), np.zeros(len(rows), np.float32)
    pairs = Pairs(left, right, (int(left.max()) + 1, int(right.max()) + 1))
    return pairs, Scores(chance, chance, log_odds, levels, None, similarity)


def straight(count, odds=5):
    return [(n, n, odds) for n in range(count)]


def copies(count, of, odds=5):
    return [(of + n, n, odds) for n in range(count)]


def swapped(rows):
    return [(b, a, odds) for a, b, odds in rows]

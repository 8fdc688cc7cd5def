"""Character 3-grams of one column: cosines of a few texts, and the rows that hold a text's grams.

`tk_link.ngrams` counts two whole columns at once. A lookup compares one text with some dozens, in
well under a millisecond, by frequencies that were counted when the index was built. Weights are
the same: ``(1 + log tf) · idf`` with ``idf = log((1 + rows) / (1 + df)) + 1`` and unit rows, a
space before and after each text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_CHUNK = 20_000
_MOST_POSTINGS = 50_000
"""Postings read for one query, rarest grams first: common ones cost most and tell least. On 100,000
people 25,000 to 200,000 bring the same rows; those found are compared exactly afterwards."""
_UNIT = 65535

Codes = NDArray[np.int64]


def windows(texts: Sequence[str]) -> tuple[Codes, NDArray[np.int64]]:
    """Return every 3-gram of every text as a number, and the text it is from."""
    joined = " " + "  ".join(texts) + " "
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    symbols = points.astype(np.int64)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    owner = np.repeat(np.arange(len(texts)), lengths)
    starts = np.arange(len(owner)) + 2 * owner  # each text before has two spaces of padding
    codes = (symbols[starts] << 42) | (symbols[starts + 1] << 21) | symbols[starts + 2]
    return codes, owner


@dataclass(frozen=True)
class Space:
    """The grams of a column and how rare each is.

    Attributes:
        grams: ``(n,)`` known grams, ascending.
        documents: ``(n,)`` rows that hold each.
        rows: Rows counted.
    """

    grams: Codes
    documents: NDArray[np.int64]
    rows: int

    def weights(self, codes: Codes) -> NDArray[np.float64]:
        """Return the idf of grams; one never seen is rarer than any."""
        place = np.searchsorted(self.grams, codes)
        known = place < len(self.grams)
        known[known] = self.grams[place[known]] == codes[known]
        documents = np.zeros(len(codes))
        documents[known] = self.documents[place[known]]
        return np.asarray(np.log((1 + self.rows) / (1 + documents)) + 1.0)

    def cosines(self, text: str, others: Sequence[str]) -> NDArray[np.float64]:
        """Return the cosine of ``text`` with each of ``others``, in 0..1; 0 for an empty text."""
        codes, owner = windows([text, *others])
        unique, place = np.unique(codes, return_inverse=True)
        keys, counts = np.unique(owner * len(unique) + place, return_counts=True)
        if not len(keys):
            return np.zeros(len(others))
        row, gram = keys // len(unique), keys % len(unique)
        values = (1.0 + np.log(counts)) * self.weights(unique)[gram]
        norms = np.sqrt(np.bincount(row, values**2, len(others) + 1))
        query = np.zeros(len(unique))
        query[gram[row == 0]] = values[row == 0]
        dots = np.bincount(row, values * query[gram], len(others) + 1)[1:]
        scale = norms[0] * norms[1:]
        cosines = np.divide(dots, scale, out=np.zeros(len(others)), where=scale > 0)
        return np.asarray(np.clip(cosines, 0.0, 1.0))


@dataclass(frozen=True)
class Postings:
    """Which rows hold each gram of a `Space`, and with which part of their unit weight.

    Attributes:
        space: The grams.
        starts: ``(n + 1,)`` where the rows of each gram begin in ``rows``.
        rows: Row numbers, gram after gram.
        parts: Their weights, in 65535ths.
    """

    space: Space
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    parts: NDArray[np.uint16]

    def nearest(self, text: str, k: int) -> NDArray[np.int64]:
        """Return at most ``k`` rows that share most with a text, in no order.

        Grams are read rarest first until `_MOST_POSTINGS` are.
        """
        grams = self._known(text)
        if not len(grams):
            return np.zeros(0, dtype=np.int64)
        weights = np.log((1 + self.space.rows) / (1 + self.space.documents[grams])) + 1.0
        spans = [slice(self.starts[g], self.starts[g + 1]) for g in grams.tolist()]
        rows = np.concatenate([self.rows[span] for span in spans])
        sizes = [span.stop - span.start for span in spans]
        parts = np.concatenate([self.parts[span] for span in spans]) * np.repeat(weights, sizes)
        scores = np.bincount(rows, parts, minlength=self.space.rows)
        found = np.flatnonzero(scores)
        if len(found) > k:
            found = found[np.argpartition(-scores[found], k - 1)[:k]]
        return found

    def _known(self, text: str) -> NDArray[np.int64]:
        """Return the places of the text's grams worth reading, rarest first."""
        codes = np.unique(windows([text])[0])
        place = np.searchsorted(self.space.grams, codes)
        inside = place < len(self.space.grams)
        place, codes = place[inside], codes[inside]
        place = place[self.space.grams[place] == codes]
        place = place[np.argsort(self.space.documents[place], kind="stable")]
        affordable = np.cumsum(self.space.documents[place]) <= _MOST_POSTINGS
        affordable[:1] = True
        return np.asarray(place[affordable])


def count(texts: Sequence[str]) -> Space:
    """Count the grams of a column."""
    found = [np.unique(windows(texts[i : i + _CHUNK])[0]) for i in range(0, len(texts), _CHUNK)]
    grams = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    documents = np.zeros(len(grams), dtype=np.int64)
    for start in range(0, len(texts), _CHUNK):
        _, gram, _ = _tally(texts[start : start + _CHUNK], grams)
        documents += np.bincount(gram, minlength=len(grams))
    return Space(grams, documents, len(texts))


def post(texts: Sequence[str]) -> Postings:
    """Lay out which rows hold which grams."""
    space = count(texts)
    idf = space.weights(space.grams)
    parts = []
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        row, gram, tally = _tally(chunk, space.grams)
        values = (1.0 + np.log(tally)) * idf[gram]
        norms = np.sqrt(np.bincount(row, values**2, len(chunk)))
        shape = (len(chunk), len(space.grams))
        values = (values / norms[row]).astype(np.float32)
        parts.append(sparse.csr_matrix((values, (row, gram)), shape=shape))
    columns = sparse.vstack(parts, format="csc")
    return Postings(
        space,
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int32),
        np.rint(columns.data * _UNIT).astype(np.uint16),
    )


def _tally(
    texts: Sequence[str], grams: Codes
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return row, gram and count of every gram in every text."""
    codes, owner = windows(texts)
    keys, counts = np.unique(
        owner * max(len(grams), 1) + np.searchsorted(grams, codes), return_counts=True
    )
    return keys // max(len(grams), 1), keys % max(len(grams), 1), counts

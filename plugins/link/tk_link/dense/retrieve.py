"""Nearest rows by meaning: encode both tables' texts, find neighbours both ways."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk.errors import UsageError
from tk.protocols import Encoder, IndexBackend
from tk_link.dense.metrics import prepared
from tk_link.dense.view import DenseView, Neighbours, Side


def dense_neighbours(
    left_texts: pl.Series,
    right_texts: pl.Series,
    *,
    encoder: Encoder[str],
    backend: IndexBackend,
    k: int,
) -> DenseView:
    """Find for each row of either table the `k` nearest rows of the other.

    Each distinct text is encoded and searched for once; give the same series twice to look within
    one table, with ``k + 1``, for each row finds itself. Null and blank texts match nothing; `k` is
    clipped to the number of rows that have a text.

    Args:
        left_texts: One text per left row.
        right_texts: One text per right row.
        encoder: What makes vectors of texts.
        backend: What finds near vectors; approximate ones may miss some.
        k: Neighbours wanted.

    Raises:
        UsageError: `k` is below 1.
        TkError: What the encoder raises.
    """
    if k < 1:
        raise UsageError(f"k is {k}; it must be 1 or more")
    left, right = _encoded(left_texts, right_texts, encoder)
    of_left, reason = _nearest(left, right, backend, k)
    if left_texts is right_texts:  # one table with itself: half the work
        of_right, back = of_left, reason
    else:
        of_right, back = _nearest(right, left, backend, k)
    distinct = len(left.vectors), len(right.vectors)
    notes = (
        f"{distinct[0]:,} and {distinct[1]:,} distinct texts encoded, "
        f"of {len(left.text):,} and {len(right.text):,} rows",
        *dict.fromkeys(filter(None, (reason, back))),
    )
    return DenseView(left, right, of_left, of_right, notes)


def _encoded(left: pl.Series, right: pl.Series, encoder: Encoder[str]) -> tuple[Side, Side]:
    """Encode the distinct texts of both tables in one go."""
    frames = [_numbered(left), _numbered(right)]
    texts = pl.concat([frame["text"] for frame in frames]).drop_nulls().unique(maintain_order=True)
    vectors = prepared(encoder.encode(texts.to_list()), "cosine")
    place = pl.DataFrame({"text": texts}).with_row_index("place")
    sides = []
    for frame in frames:
        joined = frame.join(place, on="text", how="left", maintain_order="left")["place"]
        used, text = np.unique(joined.drop_nulls().to_numpy(), return_inverse=True)
        of_row = np.full(len(joined), -1, dtype=np.int32)
        of_row[joined.is_not_null().to_numpy()] = text
        sides.append(Side(vectors[used], of_row))
    return sides[0], sides[1]


def _numbered(texts: pl.Series) -> pl.DataFrame:
    """Return the texts without surrounding space, blank ones null."""
    bare = texts.cast(pl.String).str.strip_chars().alias("text")
    return pl.DataFrame({"text": bare.set(bare.str.len_bytes() == 0, None)})


def _nearest(queries: Side, side: Side, backend: IndexBackend, k: int) -> tuple[Neighbours, str]:
    """Search with distinct texts among distinct texts, then name the rows that have them."""
    k = min(k, int((side.text >= 0).sum()))
    n = len(queries.text)
    if not k or not len(queries.vectors):
        empty = np.full((n, k), -1, dtype=np.int32)
        return Neighbours(empty, np.full((n, k), -np.inf, dtype=np.float32)), ""
    index = backend.build(side.vectors, metric="cosine")
    cosine, texts = index.search(queries.vectors, min(k, len(side.vectors)))
    rows, scores = _rows_of_texts(texts, cosine, side.text, k)
    known = (queries.text >= 0)[:, None]
    found = Neighbours(
        np.where(known, rows[queries.text], -1).astype(np.int32),
        np.where(known, scores[queries.text], -np.inf).astype(np.float32),
    )
    return found, str(getattr(index, "reason", ""))


def _rows_of_texts(
    texts: NDArray[np.int64],
    cosine: NDArray[np.float32],
    text_of_row: NDArray[np.int32],
    k: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Replace each found text by the rows that have it, in row order, until there are `k`.

    Args:
        texts: Found texts, best first, ``(queries, found)``; -1 for none.
        cosine: Their cosines.
        text_of_row: ``(rows,)``; -1 for none.
        k: Rows wanted for each query.

    Returns:
        Rows ``(queries, k)``, -1 for none, and their cosines.
    """
    order = np.argsort(text_of_row, kind="stable")
    order = order[np.searchsorted(text_of_row[order], 0) :]
    counts = np.bincount(text_of_row[order])
    first = np.cumsum(counts) - counts
    wanted = np.where(texts >= 0, np.minimum(counts[texts], k), 0)
    before = np.cumsum(wanted, axis=1) - wanted
    taken = np.clip(k - before, 0, wanted)
    flat = taken.ravel()
    query = np.repeat(np.repeat(np.arange(len(texts)), texts.shape[1]), flat)
    offset = np.arange(flat.sum()) - np.repeat(np.cumsum(flat) - flat, flat)
    column = np.repeat(before.ravel(), flat) + offset
    rows = np.full((len(texts), k), -1, dtype=np.int32)
    scores = np.full((len(texts), k), -np.inf, dtype=np.float32)
    rows[query, column] = order[np.repeat(first[texts.ravel()], flat) + offset]
    scores[query, column] = np.repeat(cosine.ravel(), flat)
    return rows, scores

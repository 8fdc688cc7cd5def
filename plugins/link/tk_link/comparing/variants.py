"""What tells two models of one product, or two editions of one work, apart.

Two rows differ in a kind when both state it and nothing that they state agrees. A model number that
both hold outweighs what their descriptions disagree in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA, Hamming

from tk_link.candidates import Pairs
from tk_link.comparing import codes
from tk_link.comparing.numbered import numbered
from tk_link.comparing.sizes import NEAR, PATTERN, sizes, spelled

IN_DETAIL = " in detail"
"""Behind a kind that is not stated by both titles: descriptions disagree for many reasons."""
MODEL, LETTERS, YEAR, NEXT_YEAR = "model number", "model letters", "year", "year by one"
CODED = (MODEL, LETTERS, YEAR, NEXT_YEAR)
"""Kinds that titles alone do not settle: codes of two systems, years from columns of years."""
DOUBTFUL = (LETTERS, NEXT_YEAR)
"""Kinds that are evidence at most: letters behind a number may be a colour or the wrapping, a paper
and its reprint are a year apart, and so are two sources that count from order or from delivery."""
_SHARED_LENGTH, _SHARED_ROWS = 5, 3
"""A code that both rows hold is their model number if it has so many characters and stands in no
more rows of either table."""
_ALIKE = 0.5
"""Least share of characters that two codes of one series have in common."""
_ROUNDED = 5.0
"""Sizes from here on are one if they differ by less than 1: 14.7 and 14 megapixels."""
_BARE_YEAR = r"^(?:19|20)\d\d$"

Texts = tuple[pl.Series, pl.Series]
"""Texts of the left and the right table."""
_COLUMNS = ("pair", "kind", "differs", "left", "right")


def differences(
    titles: Texts, texts: Texts, years: Sequence[tuple[pl.Series, pl.Series]], pairs: Pairs
) -> pl.DataFrame:
    """Compare what the rows of each pair state.

    Args:
        titles: Texts that name the things of the left and the right table.
        texts: All texts that describe them.
        years: Columns of years, left and right.
        pairs: The pairs.

    Returns:
        Columns ``pair`` (position), ``kind``, ``differs``, ``left`` and ``right`` (in words), one
        row for each pair and each kind that both its rows state.
    """
    (figures, models), (other_figures, other_models) = map(_stated, texts)
    rows = pl.DataFrame({"pair": np.arange(len(pairs)), "l": pairs.left, "r": pairs.right})
    rows = rows.cast(pl.Int64)
    coded = _paired_codes(rows, models, other_models)
    shared = _share_a_model(coded)
    rest = rows.join(shared, on="pair", how="anti")
    named = _compare_figures(rest, *(_stated(title)[0] for title in titles))
    detailed = _compare_figures(rest, figures, other_figures).join(
        named, on=["pair", "kind"], how="anti"
    )
    detailed = detailed.with_columns(pl.col("kind") + IN_DETAIL)
    parts = [_compare_codes(coded), named, detailed, *(_compare_years(rows, *y) for y in years)]
    return pl.concat(part.select(_COLUMNS) for part in parts).sort("pair", "kind", "left")


def without_figures(texts: pl.Series) -> pl.Series:
    """Return texts without sizes, codes and other words that hold a digit."""
    return spelled(texts).str.replace_all(PATTERN, " ").str.replace_all(r"\S*\d\S*", " ")


def _stated(texts: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take apart figures (``row, kind, word, value``) in texts and the codes in what is left."""
    plain = spelled(texts)
    rest = plain.str.replace_all(PATTERN, " ; ")
    models = codes.tokens(rest).filter(~pl.col("code").str.contains(_BARE_YEAR))
    return pl.concat([sizes(plain), numbered(rest)]), models


def _compare_figures(rows: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Compare figures of one kind behind one word: they differ where no two agree."""
    both = rows.join(left.rename({"row": "l", "value": "a"}), on="l").join(
        right.rename({"row": "r", "value": "b"}), on=["r", "kind", "word"]
    )
    apart, scale = (pl.col("a") - pl.col("b")).abs(), pl.max_horizontal("a", "b")
    is_size = pl.col("kind").str.starts_with("size")
    rounded = (apart < 1) & (scale >= _ROUNDED)
    differs = pl.when(is_size).then((apart > NEAR * scale) & ~rounded).otherwise(apart > 0)
    by_word = (
        both.with_columns(differs=differs, left=_shown("a", is_size), right=_shown("b", is_size))
        .sort("pair", "kind", "word", "differs", "a", "b")
        .group_by("pair", "kind", "word", maintain_order=True)
        .agg(pl.col("differs").all(), pl.col("left", "right").first())
    )
    return (
        by_word.sort("differs", descending=True, maintain_order=True)
        .group_by("pair", "kind", maintain_order=True)
        .agg(pl.col("differs").any(), pl.col("left", "right").first())
    )


def _shown(value: str, is_size: pl.Expr) -> pl.Expr:
    """Write a size with its unit, another number behind its word."""
    number = pl.col(value).round(2).cast(pl.String).str.strip_suffix(".0")
    size = pl.concat_str(number, "word", separator=" ")
    name = pl.concat_str("word", number, separator=" ").str.strip_chars()
    return pl.when(is_size).then(size).otherwise(name)


def _paired_codes(rows: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Return each code of each pair's left row beside each of its right row's, and how they agree.

    Returns:
        Columns ``pair``, ``left``, ``right``, ``same``, ``agrees``, and ``most``: the most rows of
        a table that hold one of them.
    """
    a = left.with_columns(n=pl.len().over("code")).rename({"row": "l", "code": "left"})
    b = right.with_columns(m=pl.len().over("code")).rename({"row": "r", "code": "right"})
    same = pl.col("left") == pl.col("right")
    holds = pl.col("left").str.contains(pl.col("right"), literal=True)
    is_held = pl.col("right").str.contains(pl.col("left"), literal=True)
    return (
        rows.join(a, on="l")
        .join(b, on="r")
        .with_columns(same=same, agrees=same | holds | is_held, most=pl.max_horizontal("n", "m"))
    )


def _share_a_model(coded: pl.DataFrame) -> pl.DataFrame:
    is_long = pl.col("left").str.len_chars() >= _SHARED_LENGTH
    is_model = pl.col("same") & is_long & (pl.col("most") <= _SHARED_ROWS)
    return coded.filter(is_model).select("pair").unique()


def _compare_codes(coded: pl.DataFrame) -> pl.DataFrame:
    """Compare codes that agree or are of one series; codes of two systems say nothing."""
    unique = coded.select("left", "right").unique(maintain_order=True)
    series = pl.Series("series", _of_one_series(unique["left"], unique["right"]))
    found = (
        coded.join(unique.with_columns(series), on=["left", "right"])
        .filter(pl.col("series") | pl.col("agrees"))
        .sort("pair", "agrees", "left", "right")
        .group_by("pair", maintain_order=True)
        .agg(~pl.col("agrees").any().alias("differs"), pl.col("left", "right").first())
    )
    a, b = (pl.col(side).str.replace_all(r"\D", "") for side in ("left", "right"))
    return pl.concat(
        found.with_columns(pl.lit(kind).alias("kind"), pl.col("differs") & differs)
        for kind, differs in ((MODEL, a != b), (LETTERS, a == b))
    )


def _of_one_series(left: pl.Series, right: pl.Series) -> pl.Series:
    """Tell codes that number two things of one series from codes of two systems, and from slips.

    Of one series: as long but for one character, and half or more of it alike. A character left
    out, put in or swapped with its neighbour is a slip.
    """
    a, b = left.to_list(), right.to_list()
    likeness = process.cpdist(a, b, scorer=OSA.normalized_similarity)
    slips = process.cpdist(a, b, scorer=OSA.distance)
    replaced = process.cpdist(a, b, scorer=Hamming.distance)
    lengths = left.str.len_chars().cast(pl.Int64) - right.str.len_chars().cast(pl.Int64)
    is_slip = (slips == 1) & (replaced != 1)
    is_series = (likeness >= _ALIKE) & (np.abs(lengths.to_numpy()) <= 1) & ~is_slip
    return pl.Series(is_series, dtype=pl.Boolean)


def _compare_years(rows: pl.DataFrame, left: pl.Series, right: pl.Series) -> pl.DataFrame:
    """Compare two columns of years: apart by one, and by more."""
    both = rows.select("pair", a=left.gather(rows["l"]), b=right.gather(rows["r"])).drop_nulls()
    apart = (pl.col("a") - pl.col("b")).abs()
    shown = both.with_columns(left=pl.col("a").cast(pl.String), right=pl.col("b").cast(pl.String))
    return pl.concat(
        shown.with_columns(pl.lit(kind).alias("kind"), differs=differs)
        for kind, differs in ((YEAR, apart > 1), (NEXT_YEAR, apart == 1))
    )

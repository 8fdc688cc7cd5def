"""What every cut would give, and how honest the stated probabilities are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tk_link.evaluation.cases import Cases

_BINS = 10
_Z90 = 1.6449


@dataclass(frozen=True)
class Curve:
    """Precision and recall at every cut.

    Attributes:
        points: ``cut``, ``pairs`` (at or above it), ``precision``, ``recall``, ``f1``, by falling
            cut.
        average_precision: Mean precision over the recall reached, unreached recall counting 0.
    """

    points: pl.DataFrame
    average_precision: float

    @property
    def best(self) -> dict[str, float]:
        """Return the point with the greatest F1, of equals the highest cut."""
        return self.points.sort("f1", descending=True, maintain_order=True).row(0, named=True)


@dataclass(frozen=True)
class Calibration:
    """Stated against true.

    Attributes:
        bins: ``low``, ``high``, ``pairs``, ``stated`` (mean), ``share`` (that is true) and its 90%
            interval ``share_low``, ``share_high`` [Wilson 1927], for each tenth that holds pairs.
        error: Mean of ``|stated - share|`` over the accepted pairs, by tenths (expected calibration
            error); NaN where none is accepted.
        stated: Mean probability of the accepted pairs.
    """

    bins: pl.DataFrame
    error: float
    stated: float


def curve(cases: Cases) -> Curve | None:
    """Return the curve, or None where a pair has no probability or nothing is true."""
    stated = _stated(cases)
    if stated is None or not cases.true:
        return None
    points = (
        stated.group_by("probability")
        .agg(pairs=pl.len(), both=pl.col("is_true").sum())
        .sort("probability", descending=True)
        .with_columns(pl.col("pairs", "both").cum_sum())
        .select(
            "pairs",
            cut="probability",
            precision=pl.col("both") / pl.col("pairs"),
            recall=pl.col("both") / cases.true,
            f1=2 * pl.col("both") / (pl.col("pairs") + cases.true),
        )
        .select("cut", "pairs", "precision", "recall", "f1")
    )
    gained = np.diff(points["recall"].to_numpy(), prepend=0.0)
    return Curve(points, float((gained * points["precision"].to_numpy()).sum()))


def calibration(cases: Cases) -> Calibration | None:
    """Compare stated probabilities with what is true; None where a pair has none."""
    stated = _stated(cases)
    if stated is None:
        return None
    count, share = pl.col("pairs"), pl.col("share")
    middle = (share + _Z90**2 / (2 * count)) / (1 + _Z90**2 / count)
    reach = (share * (1 - share) / count + _Z90**2 / (4 * count**2)).sqrt() * _Z90
    reach = reach / (1 + _Z90**2 / count)
    bins = (
        _tenths(stated)
        .select(
            "pairs",
            "stated",
            "share",
            low=pl.col("bin") / _BINS,
            high=(pl.col("bin") + 1) / _BINS,
            share_low=middle - reach,
            share_high=middle + reach,
        )
        .select("low", "high", "pairs", "stated", "share", "share_low", "share_high")
    )
    accepted = stated.filter("is_accepted")
    tenths = _tenths(accepted)
    gap = np.abs(tenths["stated"].to_numpy() - tenths["share"].to_numpy())
    pairs = tenths["pairs"].to_numpy()
    total = max(len(accepted), 1)
    return Calibration(
        bins,
        error=float((gap * pairs).sum() / total) if len(accepted) else float("nan"),
        stated=float((tenths["stated"].to_numpy() * pairs).sum() / total)
        if len(accepted)
        else float("nan"),
    )


def _tenths(stated: pl.DataFrame) -> pl.DataFrame:
    """Return ``bin`` (0..9), ``pairs``, mean ``stated`` and ``share`` of each tenth with pairs."""
    number = (pl.col("probability") * _BINS).floor().clip(0, _BINS - 1)
    return (
        stated.group_by(bin=number)
        .agg(pairs=pl.len(), stated=pl.col("probability").mean(), share=pl.col("is_true").mean())
        .sort("bin")
    )


def _stated(cases: Cases) -> pl.DataFrame | None:
    """Return the pairs that the prediction states, if every one has a probability."""
    if "probability" not in cases.pairs.columns:
        return None
    known = cases.pairs.filter(pl.col("probability").is_not_null())
    accepted = cases.pairs.filter("is_accepted")
    if known.is_empty() or accepted["probability"].null_count():
        return None
    return known

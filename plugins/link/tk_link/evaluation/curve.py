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
        error: Mean of ``|stated - share|`` over all pairs (expected calibration error).
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
    number = (pl.col("probability") * _BINS).floor().clip(0, _BINS - 1)
    count, share = pl.col("pairs"), pl.col("share")
    middle = (share + _Z90**2 / (2 * count)) / (1 + _Z90**2 / count)
    reach = (share * (1 - share) / count + _Z90**2 / (4 * count**2)).sqrt() * _Z90
    reach = reach / (1 + _Z90**2 / count)
    bins = (
        stated.group_by(bin=number)
        .agg(pairs=pl.len(), stated=pl.col("probability").mean(), share=pl.col("is_true").mean())
        .sort("bin")
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
    pairs = bins["pairs"].to_numpy()
    gap = np.abs(bins["stated"].to_numpy() - bins["share"].to_numpy())
    accepted = stated.filter("is_accepted")["probability"].mean()
    return Calibration(
        bins,
        error=float((gap * pairs).sum() / pairs.sum()),
        stated=float(accepted) if isinstance(accepted, float) else float("nan"),
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

"""An evaluation as lines for people and as JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace

import polars as pl

from tk_link.evaluation.api import Evaluation
from tk_link.evaluation.curve import Calibration, Curve
from tk_link.evaluation.measures import Rates
from tk_link.evaluation.resampling import Measure
from tk_link.summary import line

_CUTS = (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


def lines(evaluation: Evaluation) -> Iterator[str]:
    """Yield the tables."""
    found = evaluation
    what = "pairs in one cluster" if found.clusters else "pairs"
    yield line(
        "pairs",
        f"{found.predicted:,} predicted, {found.true:,} true, {found.both:,} in both ({what})",
    )
    yield from _rates("pairwise", found.pairwise)
    if found.bcubed is not None:
        yield from _rates("B-cubed", found.bcubed)
    if found.clusters is not None:
        count = found.clusters
        yield line(
            "clusters",
            f"{count.predicted:,} predicted, {count.true:,} true of two rows or more: "
            f"{count.exact:,} exact, {count.split:,} split; {count.merged:,} predicted ones merge "
            "several",
        )
    if found.curve is not None:
        yield ""
        yield from _cuts(found.curve)
    if found.calibration is not None:
        yield ""
        yield from _calibration(found.calibration)


def to_json(evaluation: Evaluation) -> str:
    """Return one JSON object; what is not defined is null."""
    report = asdict(replace(evaluation, curve=None, calibration=None))
    if evaluation.curve is not None:
        report["curve"] = {
            "average_precision": evaluation.curve.average_precision,
            "best": evaluation.curve.best,
            "points": evaluation.curve.points.to_dicts(),
        }
    if evaluation.calibration is not None:
        calibration = evaluation.calibration
        report["calibration"] = {
            "error": calibration.error,
            "stated": calibration.stated,
            "bins": calibration.bins.to_dicts(),
        }
    return json.dumps(_plain(report), indent=2, ensure_ascii=False)


def percent(measure: Measure) -> str:
    """Write a figure with its interval."""
    if math.isnan(measure.value):
        return "not defined"
    if math.isnan(measure.low):
        return f"{measure.value:.1%}"
    return f"{measure.value:6.1%}   ({measure.low:.1%} to {measure.high:.1%})"


def _rates(label: str, rates: Rates) -> Iterator[str]:
    yield line(label, f"precision  {percent(rates.precision)}")
    yield line("", f"recall     {percent(rates.recall)}")
    yield line("", f"F1         {percent(rates.f1)}")


def _cuts(curve: Curve) -> Iterator[str]:
    yield line("cut", f"{'pairs':>9}  precision  recall     F1")
    least = float(curve.points["cut"][-1])
    for cut in (c for c in _CUTS if c >= least):
        above = curve.points.filter(pl.col("cut") >= cut)
        if len(above):
            point = above.row(-1, named=True)
            yield line(f"{cut:.2f}", _point(point))
    yield line("lowest", f"{_point(curve.points.row(-1, named=True))}   at {least:.4f}")
    yield line("best F1", f"{_point(curve.best)}   at {curve.best['cut']:.4f}")
    yield line("average", f"precision {curve.average_precision:.4f} over the recall reached")


def _point(point: dict[str, float]) -> str:
    return (
        f"{point['pairs']:>9,}  {point['precision']:>9.1%}  {point['recall']:>6.1%}"
        f"  {point['f1']:.3f}"
    )


def _calibration(calibration: Calibration) -> Iterator[str]:
    yield line("stated", f"{'pairs':>9}  mean stated  truly   90% interval")
    for row in calibration.bins.iter_rows(named=True):  # ten
        yield line(
            f"{row['low']:.1f}-{row['high']:.1f}",
            f"{row['pairs']:>9,}  {row['stated']:>11.3f}  {row['share']:.3f}   "
            f"{row['share_low']:.3f} to {row['share_high']:.3f}",
        )
    if not math.isnan(calibration.stated):
        yield line(
            "gap",
            f"{calibration.error:.3f} between stated and true, on average over the accepted pairs, "
            f"whose mean probability is {calibration.stated:.3f}",
        )


def _plain(value: object) -> object:
    """Return `value` with None for NaN, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value

"""The charts of an evaluation: precision against recall, every cut, and calibration."""

from __future__ import annotations

import math

import polars as pl

from tk.charts import Axis, Chart, Line, Points, Rule, Step
from tk_link.evaluation.api import Evaluation
from tk_link.evaluation.curve import Calibration, Curve

_MOST_POINTS = 400


def charts(evaluation: Evaluation) -> list[Chart]:
    """Return the charts that an evaluation has numbers for: none without probabilities."""
    found = []
    if evaluation.curve is not None:
        found += [_recall(evaluation, evaluation.curve), _cuts(evaluation.curve)]
    if evaluation.calibration is not None:
        found.append(_calibration(evaluation.calibration))
    return found


def _recall(evaluation: Evaluation, curve: Curve) -> Chart:
    points = _thinned(curve.points)
    here = evaluation.pairwise
    low, high = here.precision.low, here.precision.high
    interval = ([low], [high]) if math.isfinite(low) else ([], [])
    return Chart(
        "Precision against recall",
        Axis("recall", unit="percent"),
        Axis("precision", unit="percent"),
        [
            Line(points["recall"].to_list(), points["precision"].to_list(), "every cut"),
            Points([here.recall.value], [here.precision.value], *interval, "as decided", tone=2),
        ],
        f"Each point is a cut. As decided, precision is {here.precision.value:.1%} and recall "
        f"{here.recall.value:.1%}; the vertical line is the 90% interval.",
    )


def _cuts(curve: Curve) -> Chart:
    points, best = _thinned(curve.points), curve.best
    cuts = points["cut"].to_list()
    lines = [
        Step(cuts, points["precision"].to_list(), "precision"),
        Step(cuts, points["recall"].to_list(), "recall", tone=2),
        Step(cuts, points["f1"].to_list(), "F1", tone=3),
    ]
    return Chart(
        "What each cut would give",
        Axis("cut (match_probability)"),
        Axis("share", unit="percent"),
        [*lines, Rule(best["cut"], "x", "best F1")],
        f"Precision, recall and F1 by cut. F1 is greatest, {best['f1']:.3f}, at {best['cut']:.2f}.",
    )


def _calibration(calibration: Calibration) -> Chart:
    bins = {name: calibration.bins[name].to_list() for name in calibration.bins.columns}
    return Chart(
        "Stated and true",
        Axis("stated probability"),
        Axis("share that is true"),
        [
            Line([0, 1], [0, 1], "honest", tone=3, is_dashed=True),
            Points(
                bins["stated"], bins["share"], bins["share_low"], bins["share_high"], "each tenth"
            ),
        ],
        "Pairs in ten groups by probability, with 90% intervals; on the dashed line what is stated "
        f"is true. The accepted pairs' mean gap is {calibration.error:.3f}.",
    )


def _thinned(points: pl.DataFrame) -> pl.DataFrame:
    """Return at most some points, the first and the last among them."""
    if len(points) <= _MOST_POINTS:
        return points
    step = (len(points) - 1) / (_MOST_POINTS - 1)
    return points[[round(number * step) for number in range(_MOST_POINTS)]]

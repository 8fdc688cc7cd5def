"""Windows, splits, metrics and intervals say what they should."""

import math

import numpy as np
import pytest
import torch

from tk import InputError, NotFoundError
from tk_timeseries.intervals import half_widths, measured_coverage
from tk_timeseries.metrics import coverage, crps, mase_scale, smape
from tk_timeseries.seasonal import SeasonalNaive
from tk_timeseries.splits import split
from tk_timeseries.windows import Scaler, Windows


def test_windows_of_several_series_never_cross_from_one_to_the_next():
    series = [torch.arange(0.0, 7)[:, None], torch.arange(0.0, 3)[:, None],
              torch.arange(100.0, 106)[:, None]]  # fmt: skip
    windows = Windows(series, 3, 2)
    assert len(windows) == 3 + 0 + 2
    found = [
        torch.cat([w["past"], w["future"]])[:, 0].tolist()
        for w in map(windows.__getitem__, range(5))
    ]
    starts = [0, 1, 2, 100, 101]
    assert found == [[start + step for step in range(5)] for start in starts]
    assert torch.equal(windows.pasts(), torch.stack([windows[i]["past"] for i in range(5)]))


def test_fewer_windows_are_spread_over_all():
    series = [torch.arange(0.0, 12)[:, None], torch.arange(100.0, 110)[:, None]]
    some = Windows(series, 3, 2, most=5)
    assert [float(some[i]["past"][0, 0]) for i in range(len(some))] == [0, 3, 6, 101, 104]
    assert [int(some[i]["index"]) for i in range(len(some))] == [0, 1, 2, 3, 4]


def test_too_short_series_say_how_many_rows_are_needed():
    with pytest.raises(InputError, match="needs 5 rows"):
        Windows([torch.zeros(4, 1)], 3, 2)


def test_scaling_is_undone_and_leaves_constants_finite():
    values = torch.stack([torch.arange(9.0), torch.full((9,), 5.0)], dim=1)
    scaler = Scaler.of(values)
    scaled = scaler.scale(values)
    assert scaled[:, 0].std(correction=0) == pytest.approx(1)
    assert torch.equal(scaled[:, 1], torch.zeros(9))
    assert torch.allclose(scaler.restore(scaled), values.double(), atol=1e-6)


def test_the_ett_split_has_the_papers_numbers_of_windows():
    parts = split(17420, 96, 96, protocol="ett-hour")
    counts = [
        part.stop - part.start - 96 - 96 + 1 for part in (parts.train, parts.validation, parts.test)
    ]
    assert counts == [8449, 2785, 2785]
    with pytest.raises(InputError, match="needs 57600 rows"):
        split(17420, 96, 96, protocol="ett-minute")
    with pytest.raises(NotFoundError):
        split(17420, 96, 96, protocol="ett")


def test_seasonal_naive_repeats_the_last_season():
    x = torch.arange(10.0)[None, :, None]
    found = SeasonalNaive(season=4, length=10, horizon=6)(x)
    assert found[0, :, 0].tolist() == [6, 7, 8, 9, 6, 7]


def test_mase_of_the_naive_forecast_on_a_trend_is_one():
    history = torch.arange(20.0)[:, None]
    assert mase_scale(history, 1).item() == 1
    assert mase_scale(history, 5).item() == 5
    assert mase_scale(torch.ones(20, 1), 5).isnan().all()


def test_smape_counts_a_pair_of_zeros_as_right():
    assert smape(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 3.0])) == pytest.approx(0.5)


def test_crps_with_all_quantiles_is_that_of_the_normal_distribution():
    truth = torch.randn(20000, generator=torch.Generator().manual_seed(0))
    normal = torch.distributions.Normal(0.0, 1.0)
    quantile = {
        level: normal.icdf(torch.tensor((1 + level) / 2)).item() for level in np.arange(1, 50) / 50
    }
    bounds = {
        level: (torch.full_like(truth, -q), torch.full_like(truth, q))
        for level, q in quantile.items()
    }
    found = crps(bounds, torch.zeros_like(truth), truth)
    assert found == pytest.approx(1 / math.sqrt(math.pi), rel=0.02)


def test_intervals_hold_what_they_promise():
    random = np.random.default_rng(0)
    size = np.linspace(1, 5, 12)
    errors = random.standard_normal((80, 3, 12)) * size
    low, high = half_widths(errors, [0.8, 0.95])
    later = torch.from_numpy(random.standard_normal((4000, 3, 12)) * size)
    for width, level in ((low, 0.8), (high, 0.95)):
        bound = torch.from_numpy(width)
        assert coverage(-bound, bound, later) == pytest.approx(level, abs=0.02)
    assert measured_coverage(errors, [0.8, 0.95], stride=12) == pytest.approx([0.8, 0.95], abs=0.03)


def test_coverage_is_measured_on_origins_that_gave_no_interval():
    errors = np.concatenate([np.ones((20, 1, 4)), np.full((20, 1, 4), 3.0)])
    assert measured_coverage(errors, [0.8], stride=4) == [0.0]
    assert math.isnan(measured_coverage(errors[:4], [0.8], stride=1)[0])

"""Covariates: which are known in advance, who uses them, and that they help."""

import numpy as np
import polars as pl
import pytest
import torch

import tk
from tk import InputError, NotFoundError, UsageError
from tk_timeseries import ForecastOptions, forecast
from tk_timeseries.covariates import add_covariates
from tk_timeseries.regression import Regression
from tk_timeseries.series import make_panel

ROWS, HORIZON = 300, 6
QUICK = {"horizon": HORIZON, "lookback": 24, "backtest": 10, "levels": (), "target": ("sales",)}


def table(*, ahead=HORIZON, rows=ROWS):
    """Sales that only the day's promotion moves; the weather ends where sales end."""
    random = np.random.default_rng(0)
    total = rows + ahead
    promotion = (random.random(total) < 0.3).astype(float)
    sales = 50 + 20 * promotion + random.standard_normal(total)
    weather = random.standard_normal(total)
    days = pl.datetime_range(
        pl.datetime(2023, 1, 1), pl.datetime(2023, 1, 1) + pl.duration(days=total - 1), "1d",
        eager=True,
    )  # fmt: skip
    frame = pl.DataFrame({"day": days, "sales": sales, "promotion": promotion, "weather": weather})
    is_ahead = pl.int_range(total) >= rows
    return frame.with_columns(
        pl.when(is_ahead).then(None).otherwise(name).alias(name) for name in ("sales", "weather")
    )


def panel_of(frame, *names, **more):
    panel = make_panel(frame, covariates=names, **more)
    return add_covariates(panel, frame, names, id=more.get("id"), horizon=HORIZON)


def test_what_the_table_holds_for_all_steps_ahead_is_known_in_advance():
    panel = panel_of(table(), "weather", "promotion")
    assert (panel.known, panel.past_only) == (("promotion",), ("weather",))
    series = panel.series[0]
    assert [s.name for s in panel.series] == ["sales"]
    assert series.covariates.shape == (ROWS, 2)
    assert series.ahead[:, 0].tolist() == table()["promotion"][-HORIZON:].to_list()
    assert series.covariates[:, 1].tolist() == table()["weather"][:ROWS].to_list()


def test_a_covariate_known_for_some_steps_ahead_is_an_error():
    with pytest.raises(InputError, match="'promotion' is known for 4 of the 6 steps after"):
        panel_of(table(ahead=4), "promotion")


def test_long_tables_have_covariates_of_their_own():
    parts = [table().with_columns(pl.lit(name).alias("shop"), promotion=pl.col("promotion") + i)
             for i, name in enumerate(("a", "b"))]  # fmt: skip
    panel = panel_of(pl.concat(parts), "promotion", id="shop", target=("sales",))
    first, second = (series.covariates for series in panel.series)
    assert (second == first + 1).all()


def test_holes_are_filled_and_said_and_mostly_holes_are_an_error():
    frame = table().with_columns(weather=pl.when(pl.int_range(ROWS + HORIZON) % 7 != 3)
                                 .then("weather"))  # fmt: skip
    panel = panel_of(frame, "weather")
    assert any("'weather' of 'sales': 43 values filled" in note for note in panel.notes)
    assert np.isfinite(panel.series[0].covariates).all()
    few = table().with_columns(weather=pl.when(pl.int_range(ROWS + HORIZON) < 9).then("weather"))
    with pytest.raises(InputError, match="lacks 291 of 300"):
        panel_of(few, "weather")


@pytest.mark.parametrize(("model", "steps"), [("tsmixer", 20), ("dlinear", 60)])
def test_a_known_covariate_lowers_the_error(model, steps):
    options = ForecastOptions(
        model=model, covariates=("promotion",), compare=(), steps=steps, **QUICK
    )
    found = forecast(table(), options)
    # Promotions come by chance, three days in ten: who does not know them errs by six on
    # average at best (20 · 0.3, always saying that there is none).
    assert found.leaderboard["mae"][0] < 3
    ahead = table()["promotion"][-HORIZON:].to_numpy()
    assert np.corrcoef(found.frame["forecast"], ahead)[0, 1] > 0.9


def test_models_that_cannot_use_covariates_say_so():
    with pytest.raises(UsageError, match="entrope takes no covariates; tsmixer and dlinear do"):
        ForecastOptions(horizon=6, covariates=("promotion",))
    said = []
    names = ("promotion", "weather")
    options = ForecastOptions(
        model="tsmixer", covariates=names, compare=("dlinear", "seasonal-naive"), steps=2, **QUICK
    )
    forecast(table(), options, say=said.append)
    assert "covariates, known in advance: promotion" in said
    assert "covariates, past-only: weather" in said
    assert "dlinear does not use weather" in said
    assert "seasonal-naive does not use promotion, weather" in said


def test_a_model_with_covariates_is_saved_and_used_again(tmp_path):
    options = ForecastOptions(
        model="tsmixer", covariates=("promotion", "weather"), compare=(), steps=5, **QUICK
    )
    first = forecast(table(), options)
    first.save(tmp_path / "kept")
    assert isinstance(tk.load_checkpoint(tmp_path / "kept"), Regression)
    again = forecast(table(), options, load=tmp_path / "kept")
    assert again.frame.equals(first.frame)
    other = ForecastOptions(model="tsmixer", covariates=("promotion",), **QUICK)
    with pytest.raises(UsageError, match="past-only covariates weather, not none"):
        forecast(table(), other, load=tmp_path / "kept")


def test_bad_columns_are_named():
    with pytest.raises(NotFoundError, match="did you mean 'promotion'"):
        panel_of(table(), "promotoin")
    with pytest.raises(InputError, match="covariate column 'day' holds"):
        panel_of(table(), "day", time="day")
    with pytest.raises(UsageError, match="both target and covariate"):
        make_panel(table(), target=("sales",), covariates=("sales",))
    twice = table().extend(table().with_columns(pl.col("promotion") + 1)).select("day", "promotion")
    with pytest.raises(InputError, match="different values for one moment, first 2023-01-01"):
        add_covariates(make_panel(table()), twice, ("promotion",), id=None, horizon=HORIZON)


def test_effects_start_at_least_squares_of_changes():
    trend = torch.arange(200.0)[:, None] / 50
    known = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    target = trend + known @ torch.tensor([[2.0], [-1.0]])
    model = Regression(body="dlinear", known=2, length=24, horizon=6)
    model.start_from([torch.cat([target, known], dim=1)] * 2)
    assert model.straight.weight[0].tolist() == pytest.approx([2, -1], abs=0.01)


def test_effects_that_were_not_learnt_are_nothing():
    torch.manual_seed(0)
    model = Regression(body="dlinear", known=2, length=24, horizon=6).eval()
    past, known = torch.randn(3, 24, 3), torch.randn(3, 6, 2)
    assert torch.equal(model(past, known), model(past, known * 9))

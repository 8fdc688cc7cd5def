"""`tk forecast` and `tk_timeseries.forecast` from a table to a plot."""

import json
from collections import namedtuple
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest

import tk
from tk import InputError, MissingExtraError, NotFoundError, OutputError, UsageError
from tk_cli.main import main
from tk_timeseries import ForecastOptions, forecast, statistical

Ended = namedtuple("Ended", ["exit_code", "stdout", "stderr"])
SMALL = {"horizon": 6, "lookback": 24, "backtest": 10, "steps": 4, "levels": (80.0,)}


def table(rows=240, first=datetime(2024, 1, 1)):
    hour = np.arange(rows)
    random = np.random.default_rng(0)
    times = pl.select(pl.lit(first) + pl.duration(hours=pl.lit(pl.Series(hour)))).to_series()
    values = {
        name: level + np.sin(hour * np.pi / 12) + 0.1 * random.standard_normal(rows)
        for name, level in (("north", 10.0), ("south", -3.0))
    }
    return pl.DataFrame({"time": times, **values})


@pytest.fixture
def file(tmp_path):
    table().write_csv(tmp_path / "sales.csv")
    return tmp_path / "sales.csv"


@pytest.fixture
def run(capsys):
    def call(*words):
        code = main([str(word) for word in words])
        return Ended(code, *capsys.readouterr())

    return call


@pytest.mark.parametrize("model", ["entrope", "tsmixer", "patchtst", "dlinear"])
def test_every_model_forecasts_in_the_series_own_units(model):
    options = ForecastOptions(model=model, compare=("seasonal-naive",), **SMALL)
    found = forecast(table(), options)
    assert found.frame.columns == ["series", "time", "forecast", "low_80", "high_80"]
    assert found.frame["time"][:6].to_list() == table(246)["time"][240:].to_list()
    means = found.frame.group_by("series", maintain_order=True).agg(pl.col("forecast").mean())
    assert means["forecast"].to_list() == pytest.approx([10, -3], abs=2)
    assert (found.frame["low_80"] < found.frame["high_80"]).all()
    assert set(found.leaderboard["model"]) == {model, "seasonal-naive"}


def test_the_same_seed_gives_the_same_forecast():
    options = ForecastOptions(model="dlinear", compare=(), **SMALL)
    assert forecast(table(), options).frame.equals(forecast(table(), options).frame)


def test_seasonal_naive_wins_over_a_model_that_has_learnt_nothing():
    options = ForecastOptions(model="dlinear", compare=("seasonal-naive",), **SMALL)
    board = forecast(table(), options).leaderboard
    assert board["model"].to_list() == ["seasonal-naive", "dlinear"]
    assert board["mase"][0] == pytest.approx(1, abs=0.3)


def test_nothing_after_the_held_out_begin_is_learnt_from():
    options = ForecastOptions(model="dlinear", compare=(), **SMALL)
    whole = forecast(table(), options)
    rows = whole.origins.held_out
    changed = table().with_columns(
        pl.when(pl.int_range(240) < 240 - rows).then(name).otherwise(pl.col(name) * 9).alias(name)
        for name in ("north", "south")
    )
    other = forecast(changed, options)
    same = zip(
        whole.forecaster.network.parameters(), other.forecaster.network.parameters(), strict=True
    )
    assert all((a == b).all() for a, b in same)


def test_short_series_say_how_many_rows_are_needed():
    with pytest.raises(InputError, match=r"'north' has 30 rows; horizon 6 needs at least 36"):
        forecast(table(30), ForecastOptions(**SMALL))
    with pytest.raises(InputError, match="needs at least 48"):
        forecast(table(30), ForecastOptions(horizon=20))


def test_few_rows_are_enough_for_a_short_horizon():
    found = forecast(table(24), ForecastOptions(horizon=3, model="tsmixer", steps=2))
    assert len(found.frame) == 6


def test_bad_options_are_named():
    with pytest.raises(NotFoundError, match="did you mean 'entrope'"):
        ForecastOptions(horizon=3, model="entrop")
    with pytest.raises(UsageError, match="level 120"):
        ForecastOptions(horizon=3, levels=(120.0,))
    with pytest.raises(UsageError, match="--horizon is 0"):
        forecast(table(), ForecastOptions(horizon=0))


def test_the_command_writes_table_plots_and_leaderboard(run, file, tmp_path):
    plots = [f"--plot={tmp_path / name}" for name in ("p.png", "p.html", "p.svg")]
    words = ("--model", "dlinear", "--horizon", 6, "--steps", 3, "-o", tmp_path / "f.parquet")
    result = run("forecast", file, *words, *plots)
    assert result.exit_code == 0, result.stderr
    assert "every 1h" in result.stderr
    assert "seasonal-naive" in result.stderr
    assert pl.read_parquet(tmp_path / "f.parquet").height == 12
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "north" in (tmp_path / "p.svg").read_text()
    assert "mase" in (tmp_path / "p.html").read_text()


def test_without_output_the_table_goes_to_standard_output(run, file):
    result = run("forecast", file, "--model", "seasonal-naive", "--horizon", 2, "--compare", "none")
    assert result.stdout.startswith("series,time,forecast,low_80,high_80,low_95,high_95\nnorth,")


def test_a_saved_model_forecasts_newer_rows(run, file, tmp_path):
    words = ("forecast", file, "--horizon", 6, "--compare", "none", "--model", "dlinear")
    first = run(*words, "--steps", 3, "--save", tmp_path / "kept")
    again = run(*words, "--load", tmp_path / "kept")
    assert again.stdout == first.stdout
    assert "too good" not in again.stderr
    table(300)[150:].write_csv(file)
    newer = run(*words, "--load", tmp_path / "kept")
    assert "2024-01-13 12:00:00" in newer.stdout
    assert run(*words, "--save", tmp_path / "kept").exit_code == OutputError.exit_code


def test_json_holds_forecast_leaderboard_and_notes(run, tmp_path):
    table().with_columns(south=pl.lit(2.0)).write_csv(tmp_path / "sales.csv")
    words = ("--model", "seasonal-naive", "--horizon", 2, "--compare", "none", "--backtest", 1)
    found = json.loads(run("forecast", tmp_path / "sales.csv", *words, "--json").stdout)
    assert [row["series"] for row in found["forecast"]] == ["north", "north", "south", "south"]
    assert found["forecast"][0]["time"] == "2024-01-11 00:00:00"
    assert found["leaderboard"][0]["model"] == found["model"] == "seasonal-naive"
    assert found["leaderboard"][0]["coverage_80"] is None  # one backtest tells nothing of it
    assert found["frequency"] == "1h"
    assert found["notes"] == ["series 'south' is constant (2)"]


def test_a_constant_series_stays_what_it_is():
    options = ForecastOptions(model="dlinear", compare=(), **SMALL)
    found = forecast(table().with_columns(south=pl.lit(2.5)), options)
    assert found.frame.filter(series="south")["forecast"].to_list() == [2.5] * 6


def test_a_saved_folder_that_was_tampered_with_is_refused(run, file, tmp_path):
    words = ("forecast", file, "--compare", "none", "--horizon", 6)
    kept = tmp_path / "kept"
    run(*words, "--model", "dlinear", "--steps", 3, "--save", kept)
    weights, config, record = (
        kept / name for name in ("model.safetensors", "config.json", "forecast.json")
    )
    whole, described, said = (
        weights.read_bytes(),
        config.read_text(),
        json.loads(record.read_text()),
    )

    def refused(message):
        ended = run(*words, "--load", kept)
        assert ended.exit_code == InputError.exit_code
        assert message in ended.stderr

    weights.write_bytes(whole[:-100])
    refused("truncated")
    tk.create("dlinear", length=96, horizon=4).save_pretrained(kept)
    refused("horizon 4, its record says 6")
    tk.create("entrope-entropy").save_pretrained(kept)
    refused("holds entrope-entropy, its record says dlinear")
    weights.write_bytes(whole)
    config.write_text(described)
    for wrong in (
        {"horizon": "6"},
        {"learnt_before": "then"},
        {"model": "nothing"},
        {"known": [1]},
    ):
        record.write_text(json.dumps({**said, **wrong}))
        refused(f"{next(iter(wrong))!r}")
    record.write_text(json.dumps(said))
    assert run(*words, "--load", kept).exit_code == 0


def test_models_that_learn_nothing_are_not_saved(run, file, tmp_path):
    words = ("--model", "seasonal-naive", "--horizon", 2, "--save", tmp_path / "kept")
    ended = run("forecast", file, *words)
    assert ended.exit_code == UsageError.exit_code
    assert "seasonal-naive is not saved" in ended.stderr


def test_a_saved_model_is_refused_where_it_does_not_fit(run, file, tmp_path):
    words = ("forecast", file, "--compare", "none", "--model", "dlinear", "--steps", 3)
    run(*words, "--horizon", 6, "--save", tmp_path / "kept")
    wrong = run(*words, "--horizon", 7, "--load", tmp_path / "kept")
    assert wrong.exit_code == UsageError.exit_code
    assert "trained for horizon 6, not 7" in wrong.stderr
    assert run(*words, "--horizon", 6, "--load", tmp_path).exit_code == InputError.exit_code
    record = json.loads((tmp_path / "kept" / "forecast.json").read_text())
    early = {**record, "learnt_before": "2024-01-10T20:00:00"}
    (tmp_path / "kept" / "forecast.json").write_text(json.dumps(early))
    assert "too good" in run(*words, "--horizon", 6, "--load", tmp_path / "kept").stderr


def test_a_saved_model_names_series_that_it_has_not_learnt_from(run, file, tmp_path):
    words = ("forecast", file, "--compare", "none", "--model", "dlinear", "--horizon", 6)
    run(*words, "--steps", 3, "--target", "north", "--save", tmp_path / "kept")
    some = run(*words, "--load", tmp_path / "kept")
    assert "warning: the saved model has not learnt from south" in some.stderr
    none = run(*words, "--target", "south", "--load", tmp_path / "kept")
    assert none.exit_code == UsageError.exit_code
    assert "learnt from north, and from none of the series here (south)" in none.stderr


def test_training_stops_where_nothing_is_gained_and_the_best_is_kept():
    noise = table(300).with_columns(
        pl.lit(pl.Series(np.random.default_rng(1).standard_normal(300))).alias(name)
        for name in ("north", "south")
    )
    said = []
    options = ForecastOptions(model="dlinear", compare=(), **{**SMALL, "steps": 200, "patience": 2})
    forecast(noise, options, say=said.append)
    (line,) = (line for line in said if "stopped" in line)
    stopped, best = (int(line.split()[place]) for place in (3, -1))
    assert best == stopped - 2 * 20
    said.clear()
    forecast(noise, replace(options, steps=40, patience=0), say=said.append)
    assert not any("stopped" in line for line in said)


def test_refit_learns_from_the_held_out_rows_too(tmp_path):
    options = ForecastOptions(model="dlinear", compare=(), refit=True, **SMALL)
    once = forecast(table(), replace(options, refit=False))
    again = forecast(table(), options)
    assert again.leaderboard.drop("training_cpu_s").equals(once.leaderboard.drop("training_cpu_s"))
    assert not again.frame.equals(once.frame)
    again.save(tmp_path / "kept")
    said = []
    forecast(table(), replace(options, refit=False), load=tmp_path / "kept", say=said.append)
    assert any("has seen part of the backtest" in line for line in said)


@pytest.mark.parametrize("model", ["auto-ets", "auto-theta"])
def test_statistical_models_forecast_each_series_by_itself(model, tmp_path):
    pytest.importorskip("statsforecast", reason="the extra statsforecast is not installed")
    options = ForecastOptions(model=model, compare=("seasonal-naive",), refit=True, **SMALL)
    found = forecast(table(), options)
    assert found.leaderboard["model"][0] == model
    assert found.leaderboard["mae"][0] < 0.12
    alone = forecast(table(), replace(options, target=("south",)))
    assert alone.frame.equals(found.frame.filter(pl.col("series") == "south"))
    with pytest.raises(UsageError, match=f"{model} is not saved"):
        found.save(tmp_path / "kept")


def test_statistical_models_say_which_extra_brings_them(monkeypatch):
    monkeypatch.setattr(statistical, "is_installed", lambda: False)
    with pytest.raises(MissingExtraError, match="statsforecast"):
        ForecastOptions(horizon=3, model="auto-ets")


def test_places_that_cannot_be_written_are_said_before_training(run, file, tmp_path):
    assert run("forecast", file, "--horizon", 6, "-o", tmp_path / "f.xlsx").exit_code == 2
    assert run("forecast", file, "--horizon", 6, "--plot", tmp_path / "no" / "p.png").exit_code == 3
    assert run("forecast", file, "--horizon", 6, "--levels", "high").exit_code == 2

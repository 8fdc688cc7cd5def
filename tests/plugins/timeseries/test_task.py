"""The tasks for `tk train`: tokens are kept, entropies are learnt, metrics take in every window."""

import copy

import numpy as np
import polars as pl
import pytest
import torch

import tk
from tk import InputError, UsageError
from tk_cli.main import main
from tk_timeseries.entrope.cache import PatchedWindows
from tk_timeseries.entrope.pretraining import NextToken, pretraining_config
from tk_timeseries.entrope.tokeniser import Tokeniser
from tk_timeseries.task import EntropyPretraining, Forecasting

SIZES = {"length": 16, "horizon": 4}


@pytest.fixture
def file(tmp_path):
    hour = np.arange(200)
    random = np.random.default_rng(0)
    columns = {name: np.sin(hour / speed) + 0.1 * random.standard_normal(200)
               for name, speed in (("a", 4), ("b", 7))}  # fmt: skip
    pl.DataFrame({"n": hour.astype(str), **columns}).write_csv(tmp_path / "series.csv")
    return str(tmp_path / "series.csv")


def entrope(task, **more):
    torch.manual_seed(0)
    options = {key: value for key, value in task.model_options().items() if key != "season"}
    return tk.create("entrope-etth1", **{**options, **more}).eval()


def test_kept_tokens_are_those_of_the_model(file):
    task = Forecasting(data=file, **SIZES)
    model = entrope(task, rule="static", max_patch=5)
    windows = task.datasets(tk.FitConfig(output="none")).validation
    past = torch.stack([windows[i]["past"] for i in (3, 0, 5)])
    index = torch.tensor([3, 0, 5])
    kept = PatchedWindows(len(windows), model)
    kept.take(model, past[:1], index[:1])
    for found, direct in zip(kept.take(model, past, index), model.tokenise(past), strict=True):
        assert torch.equal(found, direct)
    model.tokenise = None  # asked again it would fail
    assert torch.equal(kept.take(model, past, index).ids, kept.take(model, past, index).ids)


def test_an_untrained_entropy_model_is_refused(file, tmp_path):
    task = Forecasting(data=file, **SIZES)
    with pytest.raises(UsageError, match="entropy model is untrained"):
        tk.fit(task, entrope(task), tk.FitConfig(output=str(tmp_path / "run"), steps=1))


def test_the_entropy_model_learns_which_token_comes_next(file):
    rows = torch.sin(torch.arange(400) / 5)[:, None]
    task = NextToken([rows], [rows], length=16, tokeniser=Tokeniser(32, -2.0, 2.0))
    torch.manual_seed(0)
    model = tk.create("entrope-entropy", **task.model_options())
    data = task.datasets(tk.FitConfig(output="none")).validation
    before = task.evaluate(model, data)["loss"]
    config = pretraining_config(f"{file}.run", steps=60, batch_size=64, learning_rate=1e-2)
    tk.fit(task, model, config)
    assert before == pytest.approx(np.log(32), abs=0.1)
    assert task.evaluate(model, data)["loss"] < 0.7 * before


def test_metrics_take_in_every_window(file):
    task = Forecasting(data=file, **SIZES)
    test = task.datasets(tk.FitConfig(output="none")).test
    model = tk.create("dlinear", **SIZES)
    error = torch.stack(
        [model(w["past"][None])[0] - w["future"] for w in map(test.__getitem__, range(len(test)))]
    )
    found = task.evaluate(model, test)
    assert found["mse"] == pytest.approx(error.square().mean().item(), rel=1e-5)
    assert found["mae"] == pytest.approx(error.abs().mean().item(), rel=1e-5)


def test_crps_spreads_forecasts_by_the_errors_of_the_validation_part(file):
    task = Forecasting(data=file, **SIZES)
    splits = task.datasets(tk.FitConfig(output="none"))
    torch.manual_seed(0)
    model = tk.create("dlinear", **SIZES)
    assert "crps" not in task.evaluate(model, splits.validation)
    found = task.evaluate(model, splits.test)
    assert 0.3 * found["mae"] < found["crps"] < 0.9 * found["mae"]
    biased = copy.deepcopy(model)
    torch.nn.init.constant_(biased.trend[0].bias, 5.0)  # the validation part knows of it
    shifted = task.evaluate(biased, splits.test)
    assert shifted["mae"] > 3
    assert shifted["crps"] == pytest.approx(found["crps"], rel=0.15)


def test_entropy_model_and_forecaster_are_trained_on_the_command_line(file, tmp_path, capsys):
    common = ["--epochs", "1", "--set", f"task.data={file}", "--set", "task.length=16"]
    entropy, run = str(tmp_path / "entropy"), str(tmp_path / "run")
    rate = ["--learning-rate", "0.01"]
    assert main(["train", "entropy-pretraining", "--output", entropy, *common, *rate]) == 0
    more = [
        "--model",
        "entrope-etth1",
        "--set",
        "task.horizon=4",
        "--set",
        f"task.entropy={entropy}",
    ]
    assert main(["train", "forecasting", "--output", run, *common, *more]) == 0
    trained = tk.load_checkpoint(run).entropy_model.state_dict()
    for name, tensor in tk.load_checkpoint(entropy).state_dict().items():
        assert torch.equal(tensor, trained[name])
    capsys.readouterr()
    assert main(["evaluate", "forecasting", run, "--json"]) == 0
    assert '"mase"' in capsys.readouterr().out


def test_missing_values_and_short_tables_are_named(file, tmp_path):
    with pytest.raises(InputError, match="200 rows are too few"):
        Forecasting(data=file)
    pl.DataFrame({"y": [1.0, None, 3.0]}).write_csv(tmp_path / "gap.csv")
    with pytest.raises(InputError, match="'y' has 1 missing"):
        EntropyPretraining(data=str(tmp_path / "gap.csv"))

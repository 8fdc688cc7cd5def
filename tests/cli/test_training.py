"""`tk train` and `tk evaluate` with the example plugin."""

import json
from pathlib import Path

import pytest

from tk import discover


@pytest.fixture
def run(run_tk, shapes):
    source = discover().manifests["shapes"].source
    return lambda *words: run_tk(*map(str, words), plugins=[source])


@pytest.fixture
def run_here(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return run


FEW = ("--epochs", 1, "--set", "task.examples=48", "--device", "cpu")


def test_training_evaluating_and_resuming(run, tmp_path):
    folder = tmp_path / "run"
    trained = run("train", "shapes", "-o", folder, *FEW, "--json")
    assert trained.code == 0, trained.err
    assert trained.err == f"the model is in {folder}\n"
    measured = run("evaluate", "shapes", folder, "--json")
    assert json.loads(measured.out) == json.loads(trained.out)["test"]
    again = run("train", "shapes", "-o", folder, "--resume", "--json")
    assert json.loads(again.out) == json.loads(trained.out)
    table = run("evaluate", "shapes", folder, "--split", "validation").out.splitlines()
    assert table[0].split() == ["LOSS", "ACCURACY"]
    lower = run("train", "shapes", "-o", folder, "--resume", "--epochs", 2)
    assert (lower.code, "epochs was 1, is 2" in lower.err) == (2, True)
    once = run("train", "shapes", "-o", folder, *FEW)
    assert (once.code, "holds a run already" in once.err) == (3, True)


def test_a_file_is_laid_under_what_the_command_line_says(run, tmp_path):
    (tmp_path / "c.toml").write_text("[fit]\nepochs = 7\nseed = 5\n[task]\nexamples = 24\n")
    ended = run("train", "shapes", "-o", tmp_path / "r", "--config", tmp_path / "c.toml", *FEW)
    assert ended.code == 0, ended.err
    record = json.loads((tmp_path / "r" / "run.json").read_text())
    assert (record["config"]["epochs"], record["seed"], record["examples"]) == (1, 5, 48)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train", "shape", "-o", "r"], 2, "task 'shape' not found; did you mean 'shapes'?"),
        (["train", "shapes", "-o", "r", "--model", "vit-tinny"], 2, "did you mean 'vit-tiny'?"),
        (["train", "shapes", "-o", "r", "--set", "fit.epoch=2"], 2, "did you mean 'epochs'?"),
        (["train", "shapes", "-o", "r", "--precision", "bf15"], 2, "did you mean 'bf16'?"),
        (["train", "shapes", "-o", "r", "--config", "none.toml"], 3, "none.toml cannot be read"),
        (["train", "shapes", "-o", "r", "--resume"], 3, "holds no run to resume"),
        (["evaluate", "shapes", "none"], 3, "none is not there"),
    ],
)
def test_bad_words_are_named_and_nothing_is_written(run_here, words, code, message):
    ended = run_here(*words)
    assert (ended.code, message in ended.err) == (code, True), ended.err
    assert not Path("r").exists()


def test_files_are_sent_to_the_command_that_takes_them(run_here):
    Path("pairs.csv").write_text("a,b\n")
    ended = run_here("evaluate", "pairs.csv", "truth.csv")
    assert (ended.code, "tk eval takes files" in ended.err) == (2, True)


def test_a_part_that_the_data_lack_is_named(run, tmp_path):
    run("train", "shapes", "-o", tmp_path / "r", *FEW)
    ended = run("evaluate", "shapes", tmp_path / "r", "--split", "dev")
    assert (ended.code, "there is train, validation, test" in ended.err) == (3, True)

import json
import logging
import resource
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import torch
from lines import Line, make_model
from safetensors.torch import load_file

import tk
from tk import FitConfig, InputError, NotFoundError, OutputError, TkError, UsageError

HERE = str(Path(__file__).parents[2])


@pytest.fixture
def config(tmp_path):
    def config(name="run", **options):
        given = {"epochs": 2, "batch_size": 8, "learning_rate": 0.02, "device": "cpu", **options}
        return FitConfig(output=str(tmp_path / name), **given)

    return config


def weights(folder):
    return load_file(Path(folder) / "model.safetensors")


def difference(one, other):
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_training_learns_measures_and_keeps_a_record(config):
    fitted = tk.fit(Line(), make_model(), config(epochs=20))
    assert fitted.metrics["test"]["loss"] < 0.3  # of a variance of 12
    record = json.loads((fitted.folder / "run.json").read_text())
    assert record["status"] == "done"
    assert (record["steps"], record["seed"], record["processes"]) == (120, 0, 1)
    assert record["config"]["learning_rate"] == 0.02
    assert record["metrics"] == fitted.metrics
    assert record["versions"]["torch"] == torch.__version__
    assert record["seconds"]["training"] > 0
    assert not fitted.model.training
    assert difference(weights(fitted.folder), fitted.model.state_dict()) == 0


def test_what_a_task_saves_lies_beside_the_model(config):
    class Named(Line):
        def save(self, folder):
            (folder / "names.txt").write_text("a line")

    fitted = tk.fit(Named(), make_model(), config())
    assert (fitted.folder / "names.txt").read_text() == "a line"


def test_the_same_seed_gives_the_same_weights_and_another_one_others(config):
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]:
        tk.fit(Line(noise=0.1), make_model(0.2), config(name, seed=seed))
    folders = [config(name).output for name in "abc"]
    assert difference(weights(folders[0]), weights(folders[1])) == 0
    assert difference(weights(folders[0]), weights(folders[2])) > 0


def test_a_killed_run_goes_on_to_identical_weights(config):
    """Killed in the middle of the second epoch, with dropout, augmentation and averages."""
    given = {"epochs": 3, "every": 4, "schedule": "one-cycle", "ema": 0.9}
    tk.fit(Line(noise=0.1), make_model(0.3), config("whole", **given))
    code = f"""
import sys; sys.path.insert(0, {HERE!r})
import tk
from lines import Line, make_model
config = tk.FitConfig(**{vars(config("killed", **given))!r})
tk.fit(Line(noise=0.1, kill_at=11), make_model(0.3), config)
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert ended.returncode == -9, ended.stderr
    killed = Path(config("killed").output)
    assert json.loads((killed / "run.json").read_text())["status"] == "running"
    (killed / "checkpoints" / "checkpoint-999").mkdir()  # as if killed while writing
    torch.manual_seed(12345)
    torch.rand(7)
    fitted = tk.fit(Line(noise=0.1), make_model(0.3), config("killed", **given), resume=True)
    assert fitted.record["resumed_from"] == "checkpoint-8"
    assert difference(weights(config("whole").output), weights(killed)) == 0


def test_an_interrupted_run_goes_on_to_identical_weights(config):
    whole = tk.fit(Line(noise=0.1), make_model(0.3), config("whole", epochs=3))
    with pytest.raises(KeyboardInterrupt):
        tk.fit(Line(noise=0.1, interrupt_at=11), make_model(0.3), config(epochs=3))
    fitted = tk.fit(Line(noise=0.1), make_model(0.3), config(epochs=3), resume=True)
    assert fitted.record["resumed_from"] == "checkpoint-6"
    assert difference(weights(whole.folder), weights(fitted.folder)) == 0


def test_two_processes_take_the_same_steps_as_one(config):
    tk.fit(Line(), make_model(), config("one", epochs=1))
    script = Path(config().output).with_suffix(".py")
    script.write_text(f"""
import sys; sys.path.insert(0, {HERE!r})
import tk
from lines import Line, make_model
tk.fit(Line(), make_model(), tk.FitConfig(**{vars(config("two", epochs=1))!r}))
""")
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    ended = subprocess.run([*words, str(script)], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    one, two = (tk.training.record.read_record(Path(config(n).output)) for n in ("one", "two"))
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["steps"] == one["steps"] == 6
    assert two["metrics"]["test"]["loss"] == pytest.approx(one["metrics"]["test"]["loss"], abs=1e-6)
    assert difference(weights(config("one").output), weights(config("two").output)) < 1e-6


def test_a_batch_in_pieces_makes_the_same_step(config):
    whole = tk.fit(Line(), make_model(), config("whole"))
    pieces = tk.fit(Line(), make_model(), config("pieces", accumulate=4))
    assert pieces.record["steps"] == whole.record["steps"]
    assert difference(weights(whole.folder), weights(pieces.folder)) < 1e-6


def test_training_stops_early_and_the_best_checkpoint_is_kept(config):
    task = Line(metrics=[0.5, 0.9, 0.7, 0.6, 1.0, 1.0])
    options = {"best": "score", "goal": "highest", "patience": 2, "epochs": 9, "keep": 1}
    fitted = tk.fit(task, make_model(), config(**options))
    assert (fitted.record["steps"], fitted.record["best_step"]) == (24, 12)
    best = fitted.folder / "checkpoints" / "checkpoint-12"
    assert difference(weights(best), weights(fitted.folder)) == 0


def test_the_average_of_the_weights_is_what_is_saved(config):
    plain = tk.fit(Line(), make_model(), config("plain", schedule="constant"))
    averaged = tk.fit(Line(), make_model(), config("averaged", schedule="constant", ema=0.5))
    last = averaged.folder / "checkpoints" / "checkpoint-12"
    assert difference(weights(plain.folder), weights(last)) == 0  # training itself is the same
    assert difference(weights(plain.folder), weights(averaged.folder)) > 0


@pytest.mark.parametrize("spoil", ["loss", "gradient"])
def test_a_loss_or_gradient_that_is_not_finite_stops_with_the_last_checkpoint(config, spoil):
    with pytest.raises(TkError, match=rf"the {spoil} is nan at step 9: .* learning rate \(0\.02\)"):
        tk.fit(Line(spoil_at=9, spoil=spoil), make_model(), config(every=4))
    record = json.loads((Path(config().output) / "run.json").read_text())
    assert (record["status"], f"the {spoil} is nan" in record["reason"]) == ("stopped", True)
    kept = Path(config().output) / "checkpoints" / "checkpoint-8"
    assert all(tensor.isfinite().all() for tensor in weights(kept).values())
    resumed = tk.fit(Line(), make_model(), config(every=4), resume=True)
    assert resumed.record["resumed_from"] == "checkpoint-8"


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.pt", "averaged.pt"])
def test_a_truncated_checkpoint_is_named(config, file):
    tk.fit(Line(), make_model(), config(ema=0.5))
    path = Path(config().output) / "checkpoints" / "checkpoint-12" / file
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"checkpoint-12 is damaged .*; remove it to resume"):
        tk.fit(Line(), make_model(), config(ema=0.5), resume=True)


def test_half_precision_of_gpus_is_refused_on_a_processor(config):
    with pytest.raises(UsageError, match="fp16 needs a GPU; on a processor use bf16"):
        tk.fit(Line(), make_model(), config(precision="fp16"))


def test_a_run_is_never_written_over(config):
    tk.fit(Line(), make_model(), config(epochs=1))
    before = (Path(config().output) / "run.json").read_bytes()
    with pytest.raises(OutputError, match="holds a run already; resume it, or name another"):
        tk.fit(Line(), make_model(), config(epochs=1))
    assert (Path(config().output) / "run.json").read_bytes() == before


def test_a_run_is_resumed_only_as_it_was_begun(config):
    tk.fit(Line(), make_model(), config(epochs=1))
    before = (Path(config().output) / "run.json").read_bytes()
    with pytest.raises(UsageError, match=r"epochs was 1, is 2; learning_rate was 0\.02, is 0\.1"):
        tk.fit(Line(), make_model(), config(epochs=2, learning_rate=0.1), resume=True)
    with pytest.raises(UsageError, match=r"options was .*0\.0.*, is .*0\.5"):
        tk.fit(Line(noise=0.5), make_model(), config(epochs=1), resume=True)
    with pytest.raises(UsageError, match="parameters was 41, is 8"):
        tk.fit(Line(), torch.nn.Linear(7, 1), config(epochs=1), resume=True)
    assert (Path(config().output) / "run.json").read_bytes() == before
    with pytest.raises(InputError, match="holds no run to resume"):
        tk.fit(Line(), make_model(), config("other"), resume=True)


@contextmanager
def largest_file(size):
    """Make every longer file fail to be written, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Filling(Line):
    """The disk fills up before the second checkpoint."""

    def __init__(self, disk):
        super().__init__()
        self._disk, self._evaluations = disk, 0

    def evaluate(self, model, data):
        self._evaluations += 1
        if self._evaluations == 2:
            self._disk.enter_context(largest_file(900))
        return super().evaluate(model, data)


def test_a_checkpoint_that_cannot_be_written_is_removed_and_earlier_ones_stay(config):
    with ExitStack() as disk:
        with pytest.raises(OutputError, match=r"checkpoint-12 cannot be written: .*resume"):
            tk.fit(Filling(disk), make_model(), config(epochs=5))
        kept = Path(config().output) / "checkpoints"
        assert [path.name for path in kept.iterdir()] == ["checkpoint-6"]
    task = Filling(ExitStack())
    task._evaluations = 2
    assert tk.fit(task, make_model(), config(epochs=5), resume=True).record["steps"] == 30


def test_a_metric_that_the_task_lacks_gets_the_nearest_name(config):
    with pytest.raises(NotFoundError, match="metric 'los' not found; did you mean 'loss'"):
        tk.fit(Line(), make_model(), config(best="los"))


def test_bfloat16_keeps_the_weights_in_float32(config):
    fitted = tk.fit(Line(), make_model(), config(precision="bf16"))
    assert {tensor.dtype for tensor in weights(fitted.folder).values()} == {torch.float32}
    exact = tk.fit(Line(), make_model(), config("exact"))
    assert 0 < difference(weights(fitted.folder), weights(exact.folder)) < 0.05


def test_curves_are_written_for_tensorboard(config):
    pytest.importorskip("tensorboard")
    fitted = tk.fit(Line(), make_model(), config(tensorboard=True))
    assert list((fitted.folder / "tensorboard").glob("events.*"))


def test_nothing_goes_to_stdout_and_logging_is_as_before(config, capsys):
    level = logging.getLogger("transformers").level
    tk.fit(Line(), make_model(), config())
    assert capsys.readouterr().out == ""
    assert logging.getLogger("transformers").level == level


def test_a_batch_that_processes_cannot_share_is_refused(config):
    with pytest.raises(UsageError, match="batch_size is 8, must be a multiple of accumulate=3"):
        config(accumulate=3)

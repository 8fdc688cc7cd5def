"""`tk classify train`: what it writes, what it refuses, how it goes on."""

import json
import pickle

import polars as pl
import pytest
import torch
from drawings import TINY, bomb, drawing, save_drawings
from PIL import Image

import tk
from tk_vision.classifying.defaults import usual_fit
from tk_vision.classifying.opening import open_model
from tk_vision.classifying.task import ImageClassification

FEW = ("--epochs", "1", "--batch-size", "8")


@pytest.fixture
def train(run, tmp_path):
    """Train a tiny model for a moment."""

    def call(data, *words, output=None):
        place = output or tmp_path / "run"
        return run("classify", "train", data, "-o", place, *TINY, *FEW, *words)

    return call


def test_a_run_leaves_all_that_using_it_needs(trained):
    names = {path.name for path in trained.iterdir()}
    assert names >= {
        *("model.safetensors", "config.json", "preprocessor_config.json", "classes.json"),
        *("run.json", "metrics.json", "confusion.csv", "confusion.png", "curves.png", "parts.csv"),
    }
    assert json.loads((trained / "classes.json").read_text()) == ["cross", "disc", "square"]
    for name in ("confusion.png", "curves.png"):
        with Image.open(trained / name) as picture:
            picture.load()
            assert picture.width >= 800


def test_a_run_learns_and_says_so(trained):
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["part"] == "test"
    assert metrics["overall"]["accuracy"] > 0.8
    assert [row["class"] for row in metrics["classes"]] == ["cross", "disc", "square"]


def test_every_picture_stands_in_one_part(trained):
    rows = pl.read_csv(trained / "parts.csv")
    assert len(rows) == len(rows.unique()) == 3 * (24 + 6)
    counts = dict(rows.group_by("part").len().iter_rows())
    assert counts == {"train": 57, "validation": 15, "test": 18}


def test_statistics_of_the_training_pictures_travel_with_the_model(trained):
    opened = open_model(trained)
    assert opened.preprocessor.size == 32
    assert opened.preprocessor.mean != (0.485, 0.456, 0.406)
    assert opened.is_named


def test_the_same_seed_gives_the_same_weights_whatever_the_augmentation(train, tmp_path):
    data = save_drawings(tmp_path / "data", 6)
    weights = []
    for name in ("a", "b"):
        words = ("--augment", "strong", "--ema", "0.9", "--drop-path", "0.2")
        code, _, said = train(data, *words, "--layer-decay", "0.7", output=tmp_path / name)
        assert code == 0, said
        weights.append(tk.load_checkpoint(tmp_path / name).state_dict())
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), name


def test_a_parquet_of_pictures_trains_as_a_folder_does(train, tmp_path):
    data = save_drawings(tmp_path / "data", 4)
    files = sorted(data.rglob("*.png"))
    table = tmp_path / "data.parquet"
    rows = {"image": [f.read_bytes() for f in files], "label": [f.parent.name for f in files]}
    pl.DataFrame(rows).write_parquet(table)
    codes = [train(place, output=tmp_path / str(n))[0] for n, place in enumerate((data, table))]
    assert codes == [0, 0]
    first, second = (tk.load_checkpoint(tmp_path / str(n)).state_dict() for n in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_class_with_one_picture_is_learnt_and_said(train, tmp_path):
    data = save_drawings(tmp_path / "data", 4, kinds=["disc", "square"])
    save_drawings(data, 1, kinds=["cross"])
    code, _, said = train(data)
    assert code == 0
    assert "classes with one picture, which is learnt and not checked: cross" in said
    parts = (tmp_path / "run" / "parts.csv").read_text()
    assert "cross/0.png,cross,train" in parts


def test_copies_and_pictures_of_two_classes_are_said(train, tmp_path):
    data = save_drawings(tmp_path / "data", 4)
    drawing("disc", 0).save(data / "square" / "same.png")
    _, _, said = train(data)
    assert "stand in several classes" in said
    assert "square/same.png (disc, square)" in said


def test_without_validation_there_is_none(train, tmp_path):
    data = save_drawings(tmp_path / "data", 3)
    code, out, said = train(data, "--validation-share", "0")
    assert code == 0, said
    assert "no validation pictures" in said
    assert "validation" not in out


def broken(folder, name, data):
    save_drawings(folder, 3)
    (folder / "disc" / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty (0 bytes)"),
        (b"text", "no picture"),
        (bomb(), "too many pixels"),
        (bomb(10_000), "10,000 × 10,000"),
    ],
    ids=["empty", "text", "bomb", "large"],
)
def test_damaged_pictures_stop_a_run_before_it_begins(train, tmp_path, data, words):
    folder = broken(tmp_path / "data", "bad.png", data)
    code, _, said = train(folder)
    assert code == 3
    assert "disc/bad.png" in said
    assert words in said
    assert not (tmp_path / "run").exists()


def test_damaged_pictures_may_be_left_out(train, tmp_path):
    code, _, said = train(broken(tmp_path / "data", "bad.png", b""), "--skip-bad")
    assert code == 0
    assert "left out: 1 of 10 pictures cannot be used" in said
    assert "disc/bad.png" in said


def test_fewer_than_two_classes_are_refused(train, tmp_path):
    code, _, said = train(save_drawings(tmp_path / "data", 3, kinds=["disc"]))
    assert (code, "'disc'" in said) == (3, True)


def test_validation_pictures_of_an_unknown_class_are_refused(train, tmp_path):
    data = save_drawings(tmp_path / "data", 3, kinds=["disc", "square"])
    others = save_drawings(tmp_path / "other", 2)
    code, _, said = train(data, "--validation", others)
    assert code == 3
    assert "'cross' (2 pictures, such as cross/0.png)" in said


def test_a_size_that_the_model_cannot_take_is_refused(train, run, tmp_path):
    data = save_drawings(tmp_path / "data", 3)
    code, _, said = train(data, "--image-size", "16")
    assert code == 3
    assert "16 × 16" in said
    assert "--image-size" in said
    words = ("--model", "tnt-mini", "--image-size", "36", "--device", "cpu")
    code, _, said = run("classify", "train", data, "-o", tmp_path / "tnt", *words)
    assert code == 2
    assert "no multiple of patch 8" in said


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--model", "poolformer-minni"), 2, "poolformer-mini"),
        (("--model", "cswin-dense-t"), 2, "is no classifier"),
        (("--augment", "stronger"), 2, "strong"),
        (("--flip", "3"), 2, "flip is 3.0"),
        (("--epochs", "0"), 2, "epochs is 0"),
        (("--image-size", "-5"), 2, "image size is -5"),
        (("--reset-head",), 2, "--reset-head needs --checkpoint"),
        (("--set", "fit.epochz=3"), 2, "epochs"),
        (("--checkpoint", "gone.safetensors"), 3, "gone.safetensors is not there"),
        (("--resume",), 3, "holds no"),
    ],
)
def test_wrong_words_are_explained(run, tmp_path, words, code, told):
    data = save_drawings(tmp_path / "data", 2)
    found, _, said = run("classify", "train", data, "-o", tmp_path / "run", *words)
    assert (found, told in said) == (code, True), said


def test_a_folder_with_a_run_is_not_written_over(train, drawings, trained):
    before = (trained / "model.safetensors").read_bytes()
    code, _, said = train(drawings, output=trained)
    assert code == 3
    assert "holds a run already" in said
    assert (trained / "model.safetensors").read_bytes() == before


def interrupt_at(monkeypatch, step):
    """Press Ctrl-C in a step."""
    learn, calls = ImageClassification.loss, []

    def loss(self, model, batch):
        calls.append(batch)
        if len(calls) == step:
            raise KeyboardInterrupt
        return learn(self, model, batch)

    monkeypatch.setattr(ImageClassification, "loss", loss)


def test_a_stopped_run_goes_on_to_the_same_weights(train, run, tmp_path, monkeypatch):
    data = save_drawings(tmp_path / "data", 8)
    words = ("--epochs", "3", "--augment", "strong")
    assert train(data, *words, output=tmp_path / "whole")[0] == 0
    with monkeypatch.context() as patch:
        interrupt_at(patch, 5)  # of nine
        assert train(data, *words, output=tmp_path / "cut")[0] == 130
    code, _, said = run("classify", "train", data, "-o", tmp_path / "cut", "--resume")
    assert code == 0, said
    first, second = (tk.load_checkpoint(tmp_path / name).state_dict() for name in ("whole", "cut"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_other_classes_need_a_new_head(run, trained, tmp_path):
    data = save_drawings(tmp_path / "data", 4, kinds=["disc", "square"])
    words = ("classify", "train", data, "-o", tmp_path / "run", "--checkpoint", trained, *FEW)
    code, _, said = run(*words)
    assert code == 3
    assert "knows 3 classes, the pictures have 2" in said
    assert "--reset-head" in said
    code, _, said = run(*words, "--reset-head")
    assert code == 0, said
    tuned, before = open_model(tmp_path / "run"), open_model(trained)
    assert tuned.classes == ["disc", "square"]
    assert tuned.preprocessor == before.preprocessor


def test_other_names_for_as_many_classes_need_a_new_head_too(run, trained, tmp_path):
    data = save_drawings(tmp_path / "data", 3)
    (data / "disc").rename(data / "round")
    code, _, said = run("classify", "train", data, "-o", tmp_path / "run", "--checkpoint", trained)
    assert code == 3
    assert "number 1 is 'disc' there, 'round' in the pictures" in said


def test_fine_tuning_begins_with_the_checkpoint(run, trained, drawings, tmp_path):
    words = ("--checkpoint", trained, *FEW, "--learning-rate", "1e-9", "--augment", "none")
    code, _, said = run("classify", "train", drawings, "-o", tmp_path / "run", *words)
    assert code == 0, said
    before, after = (tk.load_checkpoint(p).state_dict() for p in (trained, tmp_path / "run"))
    assert all(torch.allclose(before[n], after[n], atol=1e-6) for n in before)


def test_the_task_is_one_of_tk_train_too(run, drawings, tmp_path):
    words = ("--set", f"task.data={drawings}", "--set", "task.augment=none", *TINY[:6], *FEW)
    code, out, said = run("train", "image-classification", "-o", tmp_path / "run", *words)
    assert code == 0, said
    assert "test" in out
    assert open_model(tmp_path / "run").classes == ["cross", "disc", "square"]
    code, out, said = run("evaluate", "image-classification", tmp_path / "run", "--json")
    assert code == 0, said
    assert "balanced_accuracy" in out


def test_what_worker_processes_are_sent_makes_the_same_examples(drawings):
    task = ImageClassification(data=str(drawings), augment="strong")
    splits = task.datasets(tk.FitConfig(output="none"))
    for part in (splits.train, splits.validation):
        copy, images = pickle.loads(pickle.dumps(part)), []
        for examples in (part, copy):
            torch.manual_seed(3)
            images.append(examples[0]["image"])
        assert torch.equal(images[0], images[1])
    assert pickle.loads(pickle.dumps(task.collate)) == task.collate


def test_defaults_make_short_runs_of_few_pictures():
    few, many = usual_fit(300, is_tuned=False), usual_fit(100_000, is_tuned=False)
    assert few["epochs"] * 300 <= 25_000
    assert few["batch_size"] < many["batch_size"]
    assert many["epochs"] < few["epochs"]
    tuned = usual_fit(300, is_tuned=True)
    assert tuned["learning_rate"] < few["learning_rate"]
    assert tuned["layer_decay"] < 1

"""`tk classify predict` and `evaluate`: nothing is lost, damage and unknown classes are named."""

import io
import json
import shutil

import numpy as np
import polars as pl
import pytest
from drawings import save_broken, save_drawings
from PIL import Image

import tk
from tk_vision.classifying.confusion import draw_confusion
from tk_vision.classifying.opening import open_model
from tk_vision.classifying.predicting import predict
from tk_vision.inference.running import Running
from tk_vision.pictures.picture import Picture


def read(text):
    return pl.read_csv(io.StringIO(text), schema_overrides={"error": pl.String})


def test_predictions_are_the_likely_classes_in_order(run, trained, drawings):
    code, out, _ = run("classify", "predict", trained, drawings / "test", "--top-k", 9)
    assert code == 0
    found = read(out)
    assert found.columns == [
        *("picture", "class", "probability", "class_2", "probability_2"),
        *("class_3", "probability_3", "error"),
    ]
    assert len(found) == 18
    shares = found.select("probability", "probability_2", "probability_3")
    assert np.allclose(shares.sum_horizontal(), 1, atol=1e-5)
    assert (found["probability"] >= found["probability_2"]).all()
    right = found["class"] == found["picture"].str.split("/").list.first()
    assert right.mean() > 0.8


def test_damaged_pictures_keep_their_rows_and_the_rest_is_predicted(run, trained, tmp_path):
    folder = save_drawings(tmp_path / "pictures", 2, kinds=["disc"])
    told = save_broken(folder)
    output = tmp_path / "out.csv"
    code, _, said = run("classify", "predict", trained, folder, "-o", output)
    assert code == 3
    assert f"{len(told)} of {len(told) + 2} pictures cannot be used" in said
    rows = {row["picture"]: row for row in read(output.read_text()).to_dicts()}
    assert len(rows) == len(told) + 2
    for name, words in told.items():
        assert words in rows[name]["error"]
        assert name in said
        assert rows[name]["class"] is None
    assert rows["disc/0.png"]["class"] in ("cross", "disc", "square")
    assert run("classify", "predict", trained, folder, "-o", output, "--skip-bad")[0] == 0


def test_nothing_but_damaged_pictures_is_still_a_table(run, trained, tmp_path):
    told = save_broken(tmp_path / "bad")
    code, out, _ = run("classify", "predict", trained, tmp_path / "bad")
    assert (code, len(read(out))) == (3, len(told))


def test_predictions_do_not_depend_on_the_batch(trained, drawings):
    opened = open_model(trained)
    files = sorted((drawings / "test").rglob("*.png"))
    pictures = [Picture(f.name, f) for f in files]
    exact = Running(precision="float32")
    whole = predict(opened, pictures, exact).probabilities()
    single = predict(opened, pictures, Running(precision="float32", batch_size=1)).probabilities()
    assert np.allclose(whole, single, atol=1e-6)
    rough = predict(opened, pictures, Running(precision="bf16")).probabilities()
    assert 0 < np.abs(whole - rough).max() < 0.05


def test_a_parquet_in_and_a_parquet_out(run, trained, tmp_path):
    data = save_drawings(tmp_path / "data", 1)
    table, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    rows = {"picture": [path.read_bytes() for path in sorted(data.rglob("*.png"))]}
    pl.DataFrame(rows).write_parquet(table)
    assert run("classify", "predict", trained, table, "-o", output)[0] == 0
    names = pl.read_parquet(output)["picture"].to_list()
    assert names == [f"in.parquet row {number}" for number in range(3)]


def test_evaluation_writes_figures_and_says_them(run, trained, drawings, tmp_path):
    output = tmp_path / "figures"
    words = ("classify", "evaluate", trained, drawings / "test", "-o", output)
    code, out, _ = run(*words, "--json")
    assert code == 0
    said, written = json.loads(out), json.loads((output / "metrics.json").read_text())
    assert said == written["overall"]
    trained_said = json.loads((trained / "metrics.json").read_text())["overall"]
    assert said["accuracy"] == trained_said["accuracy"]
    assert said["loss"] == pytest.approx(trained_said["loss"], abs=1e-4)
    rows = read((output / "predictions.csv").read_text())
    assert (rows["label"] == rows["class"]).mean() == pytest.approx(said["accuracy"])
    confusion = pl.read_csv(output / "confusion.csv")
    assert confusion.columns == ["true", "as cross", "as disc", "as square"]
    assert confusion.select(pl.exclude("true")).to_numpy().sum() == 18
    with Image.open(output / "confusion.png") as picture:
        assert picture.width >= 800


def test_an_accuracy_that_is_not_reached_exits_5(run, trained, tmp_path):
    data = save_drawings(tmp_path / "data", 2)
    (data / "disc").rename(data / "x")
    (data / "square").rename(data / "disc")
    (data / "x").rename(data / "square")
    words = ("classify", "evaluate", trained, data, "--at-least", "0.9")
    code, out, said = run(*words)
    assert code == 5
    assert "below --at-least 0.9" in said
    assert "ACCURACY" in out


def test_classes_that_were_not_learnt_are_named_or_left_out(run, trained, tmp_path):
    data = save_drawings(tmp_path / "data", 2)
    (data / "disc").rename(data / "zebra")
    code, _, said = run("classify", "evaluate", trained, data)
    assert code == 3
    assert "'zebra' (2 pictures, such as zebra/0.png); known are cross, disc, square" in said
    code, out, said = run("classify", "evaluate", trained, data, "--drop-unseen", "--json")
    assert code == 0
    assert "2 pictures of zebra are left out" in said
    assert json.loads(out)["accuracy"] >= 0.5


def test_damage_stops_an_evaluation_unless_it_may_be_left_out(run, trained, tmp_path):
    data = save_drawings(tmp_path / "data", 2)
    (data / "disc" / "9.png").write_bytes(b"")
    code, _, said = run("classify", "evaluate", trained, data)
    assert (code, "disc/9.png: it is empty" in said) == (3, True)
    assert run("classify", "evaluate", trained, data, "--skip-bad")[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("gone", "PICTURES"), 3, "gone is not there"),
        (("MODEL", "gone"), 3, "gone is not there"),
        (("MODEL", "PICTURES", "--top-k", "0"), 2, "top-k is 0"),
        (("MODEL", "PICTURES", "--device", "quantum"), 2, "'quantum' is unknown"),
        (("MODEL", "PICTURES", "--precision", "fp4"), 2, "'fp4' not found"),
        (("MODEL", "PICTURES", "--batch-size", "-1"), 2, "batch size is -1"),
        (("MODEL", "PICTURES", "-o", "out.xlsx"), 2, "must end in .csv or .parquet"),
        (("MODEL", "PICTURES", "-o", "gone/out.csv"), 3, "the folder gone is missing"),
    ],
)
def test_wrong_words_are_explained(run, trained, words, code, told):
    places = {"MODEL": trained, "PICTURES": trained / "confusion.png"}
    found, _, said = run("classify", "predict", *(places.get(word, word) for word in words))
    assert (found, told in said) == (code, True), said


def test_files_that_contradict_the_model_are_named(trained, tmp_path):
    copy = shutil.copytree(trained, tmp_path / "copy", ignore=shutil.ignore_patterns("check*"))
    (copy / "classes.json").write_text('["one", "two"]')
    with pytest.raises(tk.InputError, match=r"names 2 classes, the model has 3"):
        open_model(copy)
    (copy / "classes.json").write_text("{")
    with pytest.raises(tk.InputError, match=r"classes\.json cannot be read"):
        open_model(copy)


def test_a_published_checkpoint_has_its_papers_preprocessing(tmp_path):
    tk.create("tnt-mini", num_classes=4).save_pretrained(tmp_path)
    opened = open_model(tmp_path)
    assert opened.preprocessor.mean == (0.5, 0.5, 0.5)
    assert opened.preprocessor.size == 32
    assert opened.classes == ["0", "1", "2", "3"]
    assert not opened.is_named


def test_charts_hold_many_classes_and_names_of_any_alphabet():
    for names in (["кошка", "собака"], ["a" * 80, "b"], [str(n) for n in range(90)]):
        confusion = np.eye(len(names), dtype=np.int64) * 3
        with Image.open(io.BytesIO(draw_confusion(confusion, names))) as picture:
            assert picture.width < 3000

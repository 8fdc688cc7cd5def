"""`tk embed`: vectors of any encoder, near-duplicates in groups, a sheet to look at."""

import io
import json

import numpy as np
import polars as pl
import pytest
from drawings import drawing, save_broken, save_drawings
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

import tk
from tk.testing import assert_encoder
from tk_vision.embedding.backbone import Backbone
from tk_vision.embedding.duplicates import find_groups
from tk_vision.embedding.hashing import distances, perceptual_hash
from tk_vision.embedding.opening import open_encoder
from tk_vision.embedding.thumbnail import Thumbnail
from tk_vision.inference.running import Running

PICTURES = [drawing(kind, n, side=64) for kind in ("disc", "square", "cross") for n in range(3)]


def test_the_thumbnail_keeps_an_encoders_promises():
    assert_encoder(Thumbnail(), PICTURES)
    one_colour = [Image.new("RGB", (5, 5), grey) for grey in ("black", "gray", "white")]
    vectors = Thumbnail().encode(one_colour)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_a_trained_models_features_keep_an_encoders_promises(trained):
    assert_encoder(Backbone(trained, running=Running(precision="float32")), PICTURES)


def test_files_bytes_and_pictures_are_the_same_to_an_encoder(trained, tmp_path):
    path = tmp_path / "disc.png"
    PICTURES[0].save(path)
    items = [path, str(path), path.read_bytes(), PICTURES[0]]
    for encoder in (Thumbnail(), Backbone(trained)):
        vectors = encoder.encode(items, batch_size=4)
        assert np.allclose(vectors, vectors[0], atol=1e-6)
        with pytest.raises(tk.InputError, match=r"gone\.png"):
            encoder.encode([tmp_path / "gone.png"])


def test_encoders_name_what_they_compute(trained):
    assert Backbone(trained).identity == Backbone(trained).identity
    assert Thumbnail.identity != Backbone(trained).identity


def changed(image):
    small = image.resize((40, 40))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=30)
    return [small, ImageEnhance.Brightness(image).enhance(1.2), Image.open(out).convert("RGB")]


def test_hashes_of_copies_differ_in_few_bits_and_of_others_in_many():
    hashes = [perceptual_hash(image) for image in PICTURES]
    assert all(len(each) == 16 for each in hashes)
    copies = [
        int(distances([perceptual_hash(copy)], own)[0])
        for image, own in zip(PICTURES, hashes, strict=True)
        for copy in changed(image)
    ]
    others = [int(d) for n, own in enumerate(hashes) for d in distances(hashes[n + 1 :], own)]
    assert np.mean(copies) < 6
    assert np.mean(others) > 18


def test_groups_are_joined_by_any_pair_above_the_threshold():
    angles = np.deg2rad([0, 10, 20, 90, 95, 180])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    groups = find_groups(vectors, float(np.cos(np.deg2rad(11))))
    assert len(set(groups[:3])) == 1  # 0 and 20 by way of 10
    assert groups[3] == groups[4] != groups[5]
    assert len(set(groups.tolist())) == 3


@given(st.integers(0, 90), st.integers(0, 2**32 - 1), st.floats(0.5, 1.0))
def test_blocks_find_what_all_pairs_at_once_find(count, seed, threshold):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 4)).astype(np.float32)
    vectors[random.random(count) < 0.1] = 0
    whole = find_groups(vectors, threshold)
    for block in (1, 7, 64):
        assert np.array_equal(find_groups(vectors, threshold, block=block), whole)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    cosines = unit @ unit.T - 2 * np.eye(count)
    assert (whole[:, None] == whole[None, :])[cosines >= threshold + 1e-5].all()
    is_alone = (cosines < threshold - 1e-5).all(1)
    assert (whole[is_alone] == np.arange(count)[is_alone]).all()
    assert (np.bincount(whole, minlength=1)[whole[is_alone]] == 1).all()


@pytest.fixture
def photos(tmp_path):
    """Return a folder of pictures of which some have near copies."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, image in enumerate(PICTURES):
        image.save(folder / f"{number}.png")
    for number in (0, 4):
        for place, copy in enumerate(changed(PICTURES[number])):
            copy.save(folder / f"{number}-{place}.jpg")
    (folder / "8-same.png").write_bytes((folder / "8.png").read_bytes())
    return folder


def test_every_picture_has_a_row_with_its_vector(run, photos, tmp_path):
    output = tmp_path / "features.parquet"
    code, _, said = run("embed", photos, "-o", output)
    assert code == 0
    assert "16 pictures, 385 numbers each" in said
    frame = pl.read_parquet(output)
    assert frame.columns == [
        *("picture", "label", "width", "height", "digest", "phash", "error", "embedding"),
    ]
    assert frame["embedding"].dtype == pl.Array(pl.Float32, 385)
    assert frame["picture"].to_list() == sorted(path.name for path in photos.iterdir())


def test_near_duplicates_are_grouped_and_drawn(run, photos, tmp_path):
    output, table = tmp_path / "f.parquet", tmp_path / "same.csv"
    for ending in ("png", "html"):
        sheet = tmp_path / f"sheet.{ending}"
        words = ("-o", output, "--duplicates", table, "--sheet", sheet)
        assert run("embed", photos, *words)[0] == 0
    found = pl.read_csv(table)
    groups = found.group_by("group").agg(pl.col("picture").sort()).sort("group")
    assert sorted(groups["picture"].to_list()) == [
        ["0-0.jpg", "0-1.jpg", "0-2.jpg", "0.png"],
        ["4-0.jpg", "4-1.jpg", "4-2.jpg", "4.png"],
        ["8-same.png", "8.png"],
    ]
    assert found.group_by("group").agg(pl.col("keep").sum())["keep"].to_list() == [1, 1, 1]
    assert found.filter("is_copy", ~pl.col("keep"))["picture"].to_list() == ["8.png"]
    assert found["similarity"].min() >= 0.95
    with Image.open(tmp_path / "sheet.png") as picture:
        picture.load()
    page = (tmp_path / "sheet.html").read_text()
    assert page.count("<figure>") == 10
    assert "http" not in page


def test_damaged_pictures_keep_their_rows(run, photos, tmp_path):
    told = save_broken(photos)
    output = tmp_path / "f.parquet"
    words = ("embed", photos, "-o", output, "--duplicates", tmp_path / "d.csv")
    code, _, said = run(*words)
    assert code == 3
    frame = pl.read_parquet(output)
    assert len(frame) == 16 + len(told)
    bad = {row["picture"]: row for row in frame.filter(pl.col("error").is_not_null()).to_dicts()}
    assert bad.keys() == told.keys()
    for name, words_ in told.items():
        assert words_ in bad[name]["error"]
        assert bad[name]["embedding"] is None
        assert name in said
    assert not set(pl.read_csv(tmp_path / "d.csv")["picture"]) & told.keys()
    assert run(*words, "--skip-bad")[0] == 0


def test_a_trained_model_and_a_strangers_encoder_are_taken(run, trained, drawings, tmp_path):
    output = tmp_path / "f.parquet"
    assert run("embed", drawings / "test", "-o", output, "--model", trained)[0] == 0
    assert pl.read_parquet(output)["embedding"].dtype == pl.Array(pl.Float32, 16)


def test_pictures_of_one_class_lie_near_each_other(trained, drawings):
    files = sorted((drawings / "test").rglob("*.png"))
    vectors = Backbone(trained).encode(files)
    labels = np.array([path.parent.name for path in files])
    cosines = vectors @ vectors.T
    same = labels[:, None] == labels[None, :]
    assert cosines[same].mean() > cosines[~same].mean() + 0.05


def test_an_encoder_of_another_plugin_comes_through_the_hook(make_plugin, monkeypatch):
    manifest = """
        api = 1
        [encoders.mean-colour]
        target = "tk_colour.mean:Mean"
        items = "pictures"
    """
    code = """
        import numpy as np

        class Mean:
            dim = 3

            def encode(self, items, *, batch_size=64):
                cells = [np.asarray(item).reshape(-1, 3).mean(0) for item in items]
                return np.array(cells, dtype=np.float32).reshape(-1, 3)
    """
    source = make_plugin("colour", manifest, init="", mean=code)
    monkeypatch.setattr("tk_vision.embedding.opening.discover", lambda: tk.Catalogue([source]))
    found = open_encoder("mean-colour", Running()).encode([Image.new("RGB", (2, 2), "red")])
    assert found.tolist() == [[255, 0, 0]]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--model", "poolformer-mini"), 2, "a model without weights"),
        (("--model", "minilm"), 2, "does not take pictures"),
        (("--model", "backbone"), 2, "needs model"),
        (("--model", "thumbnails"), 2, "thumbnail"),
        (("--model", "./gone"), 3, "gone is not there"),
        (("--threshold", "1.5"), 2, "threshold is 1.5"),
        (("--sheet", "sheet.gif"), 2, "must end in .html or .png"),
        (("--duplicates", "PATH"), 2, "must be different files"),
    ],
)
def test_wrong_words_are_explained(run, tmp_path, words, code, told):
    data = save_drawings(tmp_path / "data", 1)
    output = tmp_path / "f.parquet"
    words = [str(output) if word == "PATH" else word for word in words]
    found, _, said = run("embed", data, "-o", output, *words)
    assert (found, told in said) == (code, True), said


def test_encoders_of_pictures_are_listed(run):
    _, out, _ = run("encoders", "vision/*", "--json")
    listed = {entry["name"]: entry["items"] for entry in json.loads(out)}
    assert listed == {"vision/thumbnail": "pictures", "vision/backbone": "pictures"}


def test_quiet_says_nothing(run, drawings, tmp_path):
    assert run("embed", drawings / "test", "-o", tmp_path / "f.parquet", "-q") == (0, "", "")

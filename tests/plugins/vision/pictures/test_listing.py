"""Pictures are found in folders and tables, and what is left out is said."""

import io
import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawings import drawing, save_drawings

import tk
from tk_vision.pictures.checking import look_at_all, sound, spread
from tk_vision.pictures.listing import Columns, list_labelled, list_parts, list_pictures


def png(kind="disc", number=0):
    out = io.BytesIO()
    drawing(kind, number).save(out, "PNG")
    return out.getvalue()


def listed(path, **columns):
    said = []
    return list_labelled(path, Columns(**columns), say=said.append), said


def test_class_folders_are_labels_and_order_is_by_name(tmp_path):
    save_drawings(tmp_path, 2)
    (tmp_path / "disc" / "deeper").mkdir()
    drawing("disc", 9).save(tmp_path / "disc" / "deeper" / "9.PNG")
    found, said = listed(tmp_path)
    assert [p.name for p in found if p.label == "disc"] == [
        "disc/0.png",
        "disc/1.png",
        "disc/deeper/9.PNG",
    ]
    assert sorted({p.label for p in found}) == ["cross", "disc", "square"]
    assert said == []


def test_other_files_and_empty_classes_are_left_out_and_said(tmp_path):
    save_drawings(tmp_path, 1)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "disc" / "notes.txt").write_text("no picture")
    (tmp_path / "disc" / ".hidden.png").write_bytes(b"x")
    found, said = listed(tmp_path)
    assert len(found) == 3
    assert any("notes.txt" in text for text in said)
    assert any("nothing" in text for text in said)


def test_a_link_back_to_the_folder_ends(tmp_path):
    save_drawings(tmp_path, 1)
    (tmp_path / "disc" / "round").symlink_to(tmp_path)
    assert len(listed(tmp_path)[0]) == 3


def test_a_folder_without_class_folders_is_refused(tmp_path):
    drawing("disc", 0).save(tmp_path / "0.png")
    with pytest.raises(tk.InputError, match="no class folders"):
        listed(tmp_path)
    with pytest.raises(tk.InputError, match="is not there"):
        listed(tmp_path / "gone")


def test_parts_are_recognised_by_their_usual_names(tmp_path):
    for part in ("train", "val", "test"):
        save_drawings(tmp_path / part, 1)
    assert {n: p.name for n, p in list_parts(tmp_path).items()} == {
        "train": "train",
        "validation": "val",
        "test": "test",
    }
    save_drawings(tmp_path / "other", 1)  # now they are classes
    assert list_parts(tmp_path) == {}


def test_a_table_of_bytes_is_read_by_its_usual_columns(tmp_path):
    path = tmp_path / "pictures.parquet"
    pl.DataFrame({"image": [png(), png("cross")], "label": ["a", "b"]}).write_parquet(path)
    found, _ = listed(path)
    assert [(p.name, p.label) for p in found] == [
        ("pictures.parquet row 0", "a"),
        ("pictures.parquet row 1", "b"),
    ]
    assert [f.reason for f in look_at_all(found)] == ["", ""]


def test_a_table_as_hugging_face_writes_it_has_names_of_classes(tmp_path):
    image = pa.array([{"bytes": png(), "path": "x.png"}, {"bytes": png("cross"), "path": None}])
    table = pa.table({"image": image, "label": pa.array([1, 0])})
    told = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    table = table.replace_schema_metadata({"huggingface": json.dumps(told)})
    path = tmp_path / "hf.parquet"
    pq.write_table(table, path)
    found, _ = listed(path)
    assert [(p.name, p.label) for p in found] == [("x.png", "dog"), ("hf.parquet row 1", "cat")]


@pytest.mark.parametrize(
    ("columns", "given", "words"),
    [
        ({"text": ["a"], "label": ["b"]}, {}, "no column of bytes"),
        ({"one": [b"a"], "two": [b"b"], "label": ["c"]}, {}, "one, two of bytes"),
        ({"image": [b"a"], "kind": ["c"]}, {}, "no column of classes"),
        ({"image": [b"a"], "label": [0.5]}, {}, "Float64"),
        ({"image": [b"a", b"b"], "label": ["c", None]}, {}, "row 1 has no class"),
        ({"image": [b"a"], "label": ["c"]}, {"image": "picture"}, "picture"),
        ({"image": ["a"], "label": ["c"]}, {"image": "image"}, "must hold bytes"),
    ],
)
def test_tables_that_cannot_be_used_say_why(tmp_path, columns, given, words):
    path = tmp_path / "bad.parquet"
    pl.DataFrame(columns).write_parquet(path)
    with pytest.raises(tk.TkError, match=words):
        listed(path, **given)


def test_a_file_that_is_no_table_is_named(tmp_path):
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"not parquet")
    with pytest.raises(tk.InputError, match=r"bad\.parquet cannot be read"):
        listed(path)


def test_several_places_are_put_together_under_different_names(tmp_path):
    for name in ("a", "b"):
        save_drawings(tmp_path / name, 1, kinds=["disc"])
    places = [tmp_path / "a", tmp_path / "b", tmp_path / "a" / "disc" / "0.png"]
    found = list_pictures(places, Columns(), say=print)
    assert len({p.name for p in found}) == 2  # the third is the first again, by its whole path
    (tmp_path / "empty").mkdir()
    with pytest.raises(tk.InputError, match="no pictures"):
        list_pictures([tmp_path / "empty"], Columns(), say=print)


def test_damage_stops_unless_it_may_be_left_out(tmp_path):
    save_drawings(tmp_path, 1)
    (tmp_path / "disc" / "1.png").write_bytes(b"")
    pictures, _ = listed(tmp_path)
    facts = look_at_all(pictures)
    with pytest.raises(tk.InputError, match=r"1 of 4 .*\n  disc/1\.png: it is empty.*\n--skip-bad"):
        sound(pictures, facts, skip_bad=False, say=print)
    said = []
    good, known = sound(pictures, facts, skip_bad=True, say=said.append)
    assert len(good) == len(known) == 3
    assert "disc/1.png" in said[0]


def test_the_spread_of_colours_is_that_of_the_pictures(tmp_path):
    save_drawings(tmp_path, 1)
    pictures, _ = listed(tmp_path)
    mean, deviation = spread(look_at_all(pictures))
    assert all(0 < value < 1 for value in (*mean, *deviation))

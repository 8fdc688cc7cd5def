from datetime import date

import polars as pl
import pytest

from tk.errors import InputError
from tk_link.dedupe.stack import labels, read_files, stack
from tk_link.frames import from_frame


def tables(*frames):
    return [from_frame(frame, f"{at}.csv") for at, frame in enumerate(frames)]


def test_one_table_stays_as_it_is(people):
    assert people.source is None
    assert people.table is people.parts[0]


def test_columns_are_united_by_name_and_rows_say_where_they_are_from():
    stacked = stack(
        tables(pl.DataFrame({"a": ["x"], "b": ["1"]}), pl.DataFrame({"b": ["2"], "c": [" "]}))
    )
    assert stacked.source == "source"
    assert stacked.table.frame.rows(named=True) == [
        {"source": "0.csv", "a": "x", "b": "1", "c": None},
        {"source": "1.csv", "a": None, "b": "2", "c": " "},
    ]
    assert stacked.table.text["c"].to_list() == [None, None]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["source"], "source_"),
        (["source", "source_"], "source__"),
        (["file"], "source"),
    ],
)
def test_a_source_column_of_the_user_stays(given, expected):
    frame = pl.DataFrame({name: ["mine"] for name in given})
    stacked = stack(tables(frame, frame))
    assert stacked.source == expected
    assert stacked.table.frame[given[0]].to_list() == ["mine", "mine"]


def test_the_source_column_can_be_named():
    frame = pl.DataFrame({"a": ["x"]})
    assert stack(tables(frame, frame), source="register").source == "register"


def test_types_are_kept_where_they_agree_and_become_text_where_not():
    one = pl.DataFrame({"n": [1], "d": [date(2020, 1, 2)], "l": [[1, 2]], "mixed": [2.0]})
    other = pl.DataFrame({"n": [1.5], "d": [date(2021, 1, 2)], "l": ["3"], "mixed": ["two"]})
    frame = stack(tables(one, other)).table.frame
    assert frame["n"].to_list() == [1.0, 1.5]
    assert frame["d"].dtype == pl.Date
    assert frame["l"].to_list() == ["1, 2", "3"]
    assert frame["mixed"].to_list() == ["2", "two"]


def test_files_are_called_by_their_names_and_by_folders_where_those_repeat():
    assert labels(["x/a.csv", "y/b.csv", "-"]) == ["a.csv", "b.csv", "-"]
    assert labels(["x/a.csv", "y/a.csv"]) == ["x/a.csv", "y/a.csv"]
    assert labels(["x/b.xlsx::One", "x/b.xlsx::Two"]) == ["b.xlsx::One", "b.xlsx::Two"]
    assert labels([]) == []


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["a.csv", "a.csv"], "a.csv is given twice"),
        (["a.csv", "./a.csv"], "a.csv is also ./a.csv"),
        (["a.csv", "link.csv"], "a.csv is also link.csv"),
        (["-", "-"], "- is given twice"),
    ],
)
def test_one_file_given_twice_is_refused(tmp_path, monkeypatch, files, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("name\nAnn\n")
    (tmp_path / "link.csv").symlink_to("a.csv")
    with pytest.raises(InputError, match=message):
        read_files(files)

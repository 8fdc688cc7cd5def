import polars as pl
import pytest

from tk.errors import InputError
from tk_link.reading import read_table


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p-2.csv").write_text("id,name\n03,Cy\n")
    (tmp_path / "p-1.csv").write_text("name,id\nAnn,01\nBob,02\n")
    (tmp_path / "notes.txt").write_text("x\ny\n")
    return tmp_path


def test_a_pattern_is_one_table_in_the_order_of_names(folder):
    table = read_table(f"{folder}/p-*.csv")
    assert table.frame.to_dicts() == [
        {"name": "Ann", "id": "01"}, {"name": "Bob", "id": "02"}, {"name": "Cy", "id": "03"},
    ]  # fmt: skip
    assert table.text.equals(table.frame)
    assert table.notes == ("2 files",)


def test_files_with_commas_between_come_in_the_order_given(folder):
    table = read_table(f"{folder}/p-2.csv,{folder}/p-1.csv")
    assert table.frame["id"].to_list() == ["03", "01", "02"]


def test_a_column_that_some_files_lack_is_filled_with_nothing_and_noted(folder):
    (folder / "p-3.csv").write_text("id,town\n04,Rome\n")
    table = read_table(f"{folder}/p-*.csv")
    assert table.frame["town"].to_list() == [None, None, None, "Rome"]
    assert "no 'town' in p-1.csv, p-2.csv" in table.notes
    assert "no 'name' in p-3.csv" in table.notes


def test_files_of_another_kind_are_refused(folder):
    with pytest.raises(
        InputError, match=r"notes.txt \(x\) shares no column with p-1.csv \(name, id"
    ):
        read_table(f"{folder}/p-1.csv,{folder}/notes.txt")


def test_types_that_clash_become_text(folder):
    pl.DataFrame({"id": [5], "name": ["Di"]}).write_parquet(folder / "p-0.parquet")
    assert read_table(f"{folder}/p-*").frame["id"].to_list() == ["5", "01", "02", "03"]


def test_a_pattern_that_matches_nothing_is_said(folder):
    with pytest.raises(InputError, match=r"no file matches .*/q-\*\.csv"):
        read_table(f"{folder}/q-*.csv")


def test_a_broken_file_among_several_is_named(folder):
    (folder / "p-3.csv").write_text("id,name\n04\n")
    with pytest.raises(InputError, match=r"p-3.csv: line 2 has 1 field"):
        read_table(f"{folder}/p-*.csv")


@pytest.mark.parametrize("name", ["a[1].csv", "b,c.csv", "what?.csv"])
def test_a_file_may_be_named_like_a_pattern(folder, name):
    (folder / name).write_text("id\n7\n")
    (folder / "a1.csv").write_text("id\n8\n")
    assert read_table(str(folder / name)).frame["id"].to_list() == ["7"]

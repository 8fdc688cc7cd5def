from pathlib import Path

import pytest

from tk.errors import InputError
from tk_link.reading.source import parse_format, parse_source


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", ("csv", None)),
        ("a.TSV", ("tsv", None)),
        ("a.txt", ("csv", None)),
        ("a.b.parquet", ("parquet", None)),
        ("a.ndjson.gz", ("jsonl", "gz")),
        ("a.csv.zst", ("csv", "zst")),
        ("a.feather", ("arrow", None)),
    ],
)
def test_suffix_decides_format_and_compression(name, expected):
    assert parse_format(Path(name)) == expected


def test_dash_is_standard_input():
    source = parse_source("-")
    assert (source.path, source.format) == (None, "csv")


def test_workbook_names_its_sheet(tmp_path):
    (tmp_path / "book.xlsx").touch()
    source = parse_source(f"{tmp_path}/book.xlsx::Firms 2024")
    assert (source.name, source.sheet) == ("book.xlsx", "Firms 2024")


def test_sheet_of_a_csv_is_refused(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(InputError, match="not a workbook"):
        parse_source(f"{tmp_path}/a.csv::Sheet1")


def test_missing_file_suggests_its_neighbour(tmp_path):
    (tmp_path / "customers.csv").touch()
    with pytest.raises(InputError, match=r"did you mean '.*customers\.csv'"):
        parse_source(str(tmp_path / "custmers.csv"))


def test_missing_file_without_a_neighbour(tmp_path):
    (tmp_path / "nums.csv").touch()
    with pytest.raises(InputError, match=r"miss\.csv does not exist$"):
        parse_source(str(tmp_path / "miss.csv"))


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="neither does its folder"):
        parse_source(str(tmp_path / "nowhere" / "a.csv"))


def test_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        parse_source(str(tmp_path))


def test_unknown_suffix_suggests_the_near_one(tmp_path):
    (tmp_path / "a.cvs").touch()
    with pytest.raises(InputError, match=r"did you mean '\.csv'"):
        parse_source(str(tmp_path / "a.cvs"))


def test_no_suffix_lists_the_known_ones(tmp_path):
    (tmp_path / "table").touch()
    with pytest.raises(InputError, match=r"no suffix \(use \.csv"):
        parse_source(str(tmp_path / "table"))

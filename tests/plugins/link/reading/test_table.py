import datetime as dt
import os
import threading

import polars as pl
import pytest

from tk.errors import InputError
from tk_link.reading import read_table


def test_text_is_read_as_text(tmp_path):
    (tmp_path / "a.csv").write_text("zip,n\n01234,1.50\n  ,x\n")
    table = read_table(str(tmp_path / "a.csv"))
    assert table.name == "a.csv"
    assert table.frame.rows() == [("01234", "1.50"), ("  ", "x")]
    assert table.text.rows() == [("01234", "1.50"), (None, "x")]


def test_typed_files_keep_their_types(tmp_path):
    frame = pl.DataFrame({"d": [dt.date(2024, 5, 1)], "x": [3.0]})
    frame.write_parquet(tmp_path / "a.parquet")
    table = read_table(str(tmp_path / "a.parquet"), name="left")
    assert table.name == "left"
    assert table.frame.equals(frame)
    assert table.text.rows() == [("2024-05-01", "3")]


def test_workbook_dates_and_whole_numbers_read_well(tmp_path):
    frame = pl.DataFrame(
        {"id": [7.0, None], "day": [dt.date(2024, 5, 1), None], "code": ["01", "x"]}
    )
    frame.write_excel(tmp_path / "a.xlsx", worksheet="S")
    assert read_table(f"{tmp_path}/a.xlsx::S").text.rows() == [
        ("7", "2024-05-01", "01"),
        (None, None, "x"),
    ]


def test_tab_separated_single_column(tmp_path):
    (tmp_path / "a.tsv").write_text("name\nSmith, J\n")
    assert read_table(str(tmp_path / "a.tsv")).frame.rows() == [("Smith, J",)]


def test_encoding_and_separator_are_noted(tmp_path):
    (tmp_path / "a.csv").write_bytes("a;b\né;1\n".encode("cp1252"))
    table = read_table(str(tmp_path / "a.csv"))
    assert table.notes == ("encoding Windows-1252", "separator ';'")


def test_binary_under_a_csv_name_says_what_it_is(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"a\.csv looks like a Parquet file, not csv; rename it"):
        read_table(str(tmp_path / "a.csv"))


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "jsonl", "xlsx"])
def test_tables_without_rows_are_refused(tmp_path, suffix):
    frame = pl.DataFrame({"a": pl.Series([], dtype=pl.String)})
    path = tmp_path / f"a.{suffix}"
    write = {
        "parquet": frame.write_parquet,
        "arrow": frame.write_ipc,
        "jsonl": frame.write_ndjson,
        "xlsx": frame.write_excel,
    }[suffix]
    write(path)
    with pytest.raises(InputError, match=r"no rows|is empty|no columns"):
        read_table(str(path))


def test_named_pipe_is_read_as_csv(tmp_path):
    pipe = tmp_path / "63"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"a,b\n1,2\n",))
    writer.start()
    assert read_table(str(pipe)).frame.rows() == [("1", "2")]
    writer.join()


def test_large_tables_are_read_whole_by_many_threads(tmp_path):
    rows = pl.int_range(200_000, eager=True).cast(pl.String)
    frame = pl.DataFrame({"id": rows.str.zfill(9), "text": 'line one,\n"line" two ' + rows})
    frame.write_csv(tmp_path / "a.csv")
    assert read_table(str(tmp_path / "a.csv")).frame.equals(frame)

import io
import os
import subprocess
import sys
import textwrap

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk.errors import OutputError
from tk_link.reading import read_table
from tk_link.reading.delimited import read_delimited
from tk_link.writing import check_output, write_stdout, write_table

ODD = [
    "007",
    ' "q" ',
    "a,b;c\td|e",
    "x\r\ny",
    "\x00",
    "😀",
    "שלום",
    "=1+1",
    "https://a.b",
    "",
    None,
]
FRAME = pl.DataFrame({"t": ODD, "n": [*range(10), None]})
SUFFIXES = ["csv", "tsv", "txt", "parquet", "jsonl", "json", "arrow", "csv.gz", "jsonl.zst"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read_back(tmp_path, suffix):
    path = str(tmp_path / f"o.{suffix}")
    write_table(FRAME, path)
    back = read_table(path).frame
    assert back["t"].to_list() == ODD
    assert back["n"].cast(pl.Int64).equals(FRAME["n"])
    assert os.listdir(tmp_path) == [f"o.{suffix}"]


def test_workbook_holds_text_as_text(tmp_path):
    frame = FRAME.filter(pl.col("t") != "\x00")  # which no workbook can hold
    write_table(frame, str(tmp_path / "o.xlsx"))
    back = read_table(str(tmp_path / "o.xlsx"))
    assert back.text["t"][0] == "007"
    assert {"=1+1", "https://a.b", "😀"} <= {*back.text["t"]}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.none(), min_size=1))
def test_standard_output_is_exact_csv(values):
    frame = pl.DataFrame({"a": values, "b": ["1"] * len(values)}, schema_overrides={"a": pl.String})
    stdout, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO())
    try:
        write_stdout(frame)
        data = sys.stdout.buffer.getvalue()
    finally:
        sys.stdout = stdout
    assert read_delimited(data, "f")[0].equals(frame)


def test_lists_become_text_where_the_format_has_none(tmp_path):
    frame = pl.DataFrame({"l": [["a", "b"], []], "s": [{"x": 1}, None], "b": [b"q", None]})
    write_table(frame, str(tmp_path / "o.csv"))
    assert (tmp_path / "o.csv").read_text() == 'l,s,b\n"a, b","{""x"":1}",q\n,,\n'
    write_table(frame, str(tmp_path / "o.parquet"))
    assert read_table(str(tmp_path / "o.parquet")).frame.equals(frame)


def test_same_result_same_file(tmp_path):
    for name in ("a.csv.gz", "b.csv.gz"):
        write_table(FRAME, str(tmp_path / name))
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"a": ["x" * 32_768]}), "cell holds 32,767 characters, column 'a' has more"),
        (pl.DataFrame({"a": pl.int_range(1_048_576, eager=True)}), "holds 1,048,575 rows"),
    ],
)
def test_workbook_limits_are_met_with_an_error(tmp_path, frame, message):
    with pytest.raises(OutputError, match=message):
        write_table(frame, str(tmp_path / "o.xlsx"))
    assert os.listdir(tmp_path) == []


def test_input_is_not_overwritten(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to(path)
    for output in (path, tmp_path / "link.csv", tmp_path / "." / "a.csv"):
        with pytest.raises(OutputError, match="is an input of this run"):
            check_output(str(output), ["-", str(path)])
    check_output(str(tmp_path / "b.csv"), [str(path)])


@pytest.mark.parametrize("inputs", ["part-*.csv", "part-1.csv,part-2.csv", "file://{}/part-1.csv"])
def test_an_input_named_with_others_is_not_overwritten(tmp_path, inputs):
    for n in (1, 2):
        (tmp_path / f"part-{n}.csv").write_text("a\n1\n")
    named = (
        inputs.format(tmp_path) if "{}" in inputs else inputs.replace("part", f"{tmp_path}/part")
    )
    with pytest.raises(OutputError, match=r"part-1.csv is an input of this run"):
        check_output(str(tmp_path / "part-1.csv"), [named])
    check_output(str(tmp_path / "part-3.csv"), [named])


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("nowhere/o.csv", "folder .*nowhere does not exist"),
        ("o.doc", r"suffix '\.doc' is unknown"),
        ("o", "the name has no suffix"),
        (".", "is a folder"),
    ],
)
def test_outputs_that_cannot_work_are_refused_early(tmp_path, output, message):
    with pytest.raises(OutputError, match=message):
        check_output(str(tmp_path / output), [])


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "json", "xlsx", "arrow", "csv.zst"])
def test_full_disk_leaves_nothing_behind(tmp_path, suffix):
    """A limit on file size fails in the middle of a write, as a full disk does."""
    code = f"""
        import resource, sys
        import polars as pl
        from tk.errors import OutputError
        from tk_link.writing import write_table
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        frame = pl.DataFrame({{"a": pl.int_range(50_000, eager=True).hash().cast(pl.String)}})
        try:
            write_table(frame, "{tmp_path}/o.{suffix}")
        except OutputError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"o.{suffix} cannot be written" in done.stdout
    assert "File too large" in done.stdout
    assert done.stderr == ""
    assert os.listdir(tmp_path) == []


def test_read_only_folder(read_only_folder):
    with pytest.raises(OutputError, match="is read-only"):
        check_output(str(read_only_folder / "o.csv"), [])
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        write_table(FRAME, str(read_only_folder / "o.csv"))
    assert os.listdir(read_only_folder) == []


def test_full_standard_output(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match="standard output cannot be written: No space left"):
            write_stdout(pl.DataFrame({"a": ["x" * 100_000]}))


def test_closed_standard_output(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError, match="closed; name a file with -o"):
        write_stdout(FRAME)


def test_reader_that_has_gone_away(monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as pipe:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe))
        with pytest.raises(BrokenPipeError):
            write_stdout(FRAME)


def test_large_and_empty_tables_reach_standard_output_whole(capsysbinary):
    frame = pl.DataFrame({"a": pl.int_range(120_000, eager=True).cast(pl.String)})
    write_stdout(frame)
    assert read_delimited(capsysbinary.readouterr().out, "f")[0].equals(frame)
    write_stdout(frame.clear())
    assert capsysbinary.readouterr().out == b"a\n"

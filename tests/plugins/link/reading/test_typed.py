import io

import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from tk.errors import InputError
from tk_link.reading.typed import read_arrow, read_json, read_jsonl, read_parquet

FRAME = pl.DataFrame({"id": ["01", "02"], "n": [1, None], "tags": [["a"], ["b", "c"]]})


def written(write) -> bytes:
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def test_types_survive():
    assert read_parquet(written(FRAME.write_parquet), "f").equals(FRAME)
    assert read_arrow(written(FRAME.write_ipc), "f").equals(FRAME)
    assert read_arrow(written(FRAME.write_ipc_stream), "f").equals(FRAME)
    assert read_jsonl(written(FRAME.write_ndjson), "f").equals(FRAME)
    assert read_json(written(FRAME.write_json), "f").equals(FRAME)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.98])
@pytest.mark.parametrize(
    ("kind", "read", "data"),
    [
        ("Parquet", read_parquet, written(FRAME.write_parquet)),
        ("Arrow", read_arrow, written(FRAME.write_ipc)),
    ],
    ids=["parquet", "arrow"],
)
def test_cut_off_files_are_refused(kind, read, data, cut):
    with pytest.raises(InputError, match=f"^f is not a whole {kind} file"):
        read(data[: int(len(data) * cut)], "f")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": 1}\n{"a": \n', "f: line 2 is not JSON"),
        (b'{"a": 1}\n\n[1, 2]\n', "f: line 3 is not a JSON object"),
        (b"a,b\n1,2\n", "f: line 1 is not JSON"),
    ],
)
def test_bad_json_lines_name_the_line(data, message):
    with pytest.raises(InputError, match=message):
        read_jsonl(data, "f")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'[{"a": 1},\n{"a" 2}]', "f: line 2, column 6 is not JSON"),
        (b'{"a": 1}', "array of objects"),
        (b"[1, 2]", "array of objects"),
        (b"[]", "f has no rows"),
    ],
)
def test_bad_json_says_what_is_wanted(data, message):
    with pytest.raises(InputError, match=message):
        read_json(data, "f")


def test_json_rows_may_differ_in_keys_and_types():
    frame = read_json(b'[{"a": "01"}, {"a": 2, "b": true}]', "f")
    assert frame.rows() == [("01", None), ("2", True)]


def test_repeated_names_in_parquet_are_named():
    stream = io.BytesIO()
    table = pa.Table.from_arrays([pa.array([1])] * 2, names=["a", "a"])
    pyarrow.parquet.write_table(table, stream)
    with pytest.raises(InputError, match=r"f: column with name 'a'.*give each column its own name"):
        read_parquet(stream.getvalue(), "f")

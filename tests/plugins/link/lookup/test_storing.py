import json
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import save_file

from tk.errors import InputError, OutputError
from tk_link.lookup.queries import Query
from tk_link.lookup.storing import read_index, write_index


@pytest.fixture
def path(index, tmp_path):
    path = tmp_path / "people.tkindex"
    write_index(index, path)
    return path


def test_an_index_that_was_written_answers_as_before(index, path, record):
    again = read_index(path)
    assert again.find(Query(values=record)) == index.find(Query(values=record))
    assert again.table.equals(index.table)
    assert (again.columns, again.name_columns, again.id_column) == (
        index.columns,
        index.name_columns,
        index.id_column,
    )


def test_writing_the_same_index_gives_the_same_bytes(index, path, tmp_path):
    write_index(index, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("size", [0, 3, 8, 500, -1])
def test_an_index_that_was_cut_off_is_refused(path, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match=r"cut off.*build it again"):
        read_index(path)


def test_a_changed_byte_is_noticed(path):
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read_index(path)


def test_another_format_is_refused_with_what_to_do(path):
    data = path.read_bytes()
    path.write_bytes(data.replace(b'format\\": 1', b'format\\": 9', 1))
    with pytest.raises(InputError, match=r"index format 9.*reads 1.*tk index build"):
        read_index(path)


def test_other_files_are_no_index(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,Anna\n")
    save_file({"a": np.zeros(3)}, tmp_path / "b.safetensors", {"k": json.dumps("v")})
    for name, words in (("a.csv", "no index"), ("b.safetensors", "no index"), ("c", "no file")):
        with pytest.raises(InputError, match=words):
            read_index(tmp_path / name)
    with pytest.raises(InputError, match="no file"):
        read_index(tmp_path)


def test_what_cannot_be_written_leaves_nothing_behind(index, tmp_path):
    with pytest.raises(OutputError):
        write_index(index, tmp_path / "missing" / "people.tkindex")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05])
def test_a_writer_killed_at_any_moment_leaves_a_whole_index(path, moment):
    code = (
        "import sys; from dataclasses import replace; from pathlib import Path; "
        "from tk_link.lookup.storing import read_index, write_index\n"
        "path = Path(sys.argv[1]); index = read_index(path); print(flush=True)\n"
        "while True: write_index(replace(index, title=index.title + 'x'), path)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(moment)
    writer.kill()
    writer.communicate(timeout=30)
    assert read_index(path).title in ("people", "peoplex")

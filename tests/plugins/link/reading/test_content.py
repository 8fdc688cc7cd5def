import gzip
import io
import os
import subprocess
import sys
import textwrap

import pytest
import zstandard

from tk.errors import InputError
from tk_link.reading.content import MAX_LINE, read_content, recognise
from tk_link.reading.source import Source, parse_source

TEXT = b"a,b\n1,2\n" * 1000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", TEXT),
        ("a.csv.gz", gzip.compress(TEXT[:4000]) + gzip.compress(TEXT[4000:])),
        ("a.csv.zst", zstandard.compress(TEXT[:4000]) + zstandard.compress(TEXT[4000:])),
    ],
    ids=["plain", "gzip", "zstd"],
)
def test_files_are_unpacked_whole(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert read_content(parse_source(str(tmp_path / name))) == TEXT


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.gz", b"a,b\n1,2\n"),
        ("a.csv.gz", gzip.compress(TEXT)[:-20]),
        ("a.csv.gz", gzip.compress(TEXT)[:30] + b"\xff" * 20),
        ("a.csv.zst", b"a,b\n1,2\n"),
        ("a.csv.zst", zstandard.compress(TEXT)[:12] + b"\xff" * 20),
    ],
    ids=["not gzip", "gzip cut off", "gzip garbled", "not zstd", "zstd garbled"],
)
def test_broken_compression_is_named(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=r"a\.csv\.(gz|zst) is not a whole (gzip|zstd) file"):
        read_content(parse_source(str(tmp_path / name)))


def test_empty_file(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(InputError, match=r"a\.csv is empty"):
        read_content(parse_source(str(tmp_path / "a.csv")))


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    assert read_content(Source("standard input", None, "csv")) == TEXT


def test_unreadable_file_gives_the_reason(tmp_path):
    (tmp_path / "a.csv").write_bytes(TEXT)
    source = parse_source(str(tmp_path / "a.csv"))
    (tmp_path / "a.csv").unlink()
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_content(source)


def test_line_of_the_greatest_length_is_read(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\n" + b"x" * (MAX_LINE - 10) + b"\n1\n")
    assert len(read_content(parse_source(str(tmp_path / "a.csv")))) == MAX_LINE - 5


def test_json_may_be_one_long_line(tmp_path):
    (tmp_path / "a.json").write_bytes(b" " * (MAX_LINE + 10))
    assert len(read_content(parse_source(str(tmp_path / "a.json")))) == MAX_LINE + 10


def test_a_200_mb_line_is_refused_in_little_memory(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as stream:
        stream.write(b"a,b\n1,2\n")
        for _ in range(200):
            stream.write(b"x" * 1_000_000)
    code = """
        import resource, sys
        from tk_link.reading import read_table
        from tk.errors import InputError
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            read_table(sys.argv[1])
        except InputError as error:
            print(error)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    message, grown = done.stdout.splitlines()
    assert message.startswith("a.csv: line 3 is longer than 16 MB")
    assert int(grown) < 60


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"PAR1\x15\x04", "Parquet"),
        (b"PK\x03\x04\x14", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x89PNG\r\n", "PNG"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><title>Sign in", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"SQLite format 3\x00", "SQLite"),
        (bytes(range(256)) * 4, "binary"),
    ],
)
def test_binary_files_are_recognised(head, what):
    assert what in recognise(head)[0]


@pytest.mark.parametrize(
    "head",
    [
        b"a,b\n1,\x00\x00\n",
        "a,b\nä,😀\n".encode(),
        "中文\t書名\n".encode("utf-16") * 50,
        b"\xef\xbb\xbfa",
    ],
)
def test_text_is_not_taken_for_binary(head):
    assert recognise(head) is None

"""Files on servers: real ones, on this machine."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

import polars as pl
import pytest

from tk.errors import InputError, MissingExtraError, OutputError
from tk_link import remote
from tk_link.reading import read_table
from tk_link.writing import check_output, write_table

CSV = b"id,name\n007,Ann\n008,Bob\n"


class Web(BaseHTTPRequestHandler):
    """Answers by path, as servers do and as they should not."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/private.csv" and self.headers.get("Authorization") != "Basic bWU6cEBzcw==":
            self.answer(401, b"who?", {"WWW-Authenticate": 'Basic realm="x"'})
        elif path == "/gone.csv":
            self.answer(404, b"no")
        elif path == "/moved.csv":
            self.answer(302, b"", {"Location": "/a.csv"})
        elif path == "/page.csv":
            self.answer(200, b"<!DOCTYPE html><p>log in</p>")
        elif path == "/cut.csv":
            self.answer(200, CSV, {"Content-Length": str(len(CSV) + 100)})
        elif path == "/slow.csv":
            threading.Event().wait(2)
        elif path == "/a.csv.gz":
            self.answer(200, gzip.compress(CSV))
        elif path == "/export":
            self.answer(200, CSV.replace(b",", b"\t"), {"Content-Type": f"text/{query}"})
        elif path == "/named":
            name = 'attachment; filename="table.jsonl"'
            self.answer(200, b'{"id": "007"}\n', {"Content-Disposition": name})
        else:
            self.answer(200, CSV)

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None: ...


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as reading, writing and listing take."""

    objects: dict[str, bytes]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if "list-type=2" in query:
            keys = sorted(key.removeprefix("/bucket/") for key in self.objects)
            found = "".join(
                f"<Contents><Key>{escape(key)}</Key><Size>1</Size><ETag>x</ETag>"
                "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                for key in keys
            )
            self.answer(200, f"<ListBucketResult>{found}</ListBucketResult>".encode())
        elif path in self.objects:
            self.answer(200, self.objects[path])
        else:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[self.path.partition("?")[0]] = body
        self.answer(200, b"")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("ETag", '"x"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None: ...


def serve(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    yield from serve(Web)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    pytest.importorskip("obstore", reason="the extra cloud is not installed")
    handler = type("Handler", (Bucket,), {"objects": {}})
    for host in serve(handler):
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}", "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield handler.objects


@pytest.mark.parametrize(
    "path", ["a.csv", "a.csv.gz", "moved.csv", "export?tab-separated-values", "b"]
)
def test_a_file_is_fetched_and_read_by_its_kind(web, path):
    table = read_table(f"http://{web}/{path}")
    assert table.frame.to_dicts()[0] == {"id": "007", "name": "Ann"}


def test_the_servers_file_name_counts_where_the_url_has_no_suffix(web):
    assert read_table(f"http://{web}/named").frame["id"].to_list() == ["007"]


def test_a_password_is_sent_where_it_is_asked_for(web):
    assert len(read_table(f"http://me:p%40ss@{web}/private.csv")) == 2
    with pytest.raises(InputError, match=r"http://me:\*\*\*@.* the server says 401"):
        read_table(f"http://me:wrong@{web}/private.csv")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gone.csv", "gone.csv: the server says 404 Not Found"),
        ("cut.csv", "IncompleteRead.24 bytes read, 100 more expected"),
        ("page.csv", "looks like a web page"),
    ],
)
def test_what_a_server_does_wrong_is_said(web, path, said):
    with pytest.raises(InputError, match=said):
        read_table(f"http://{web}/{path}")


def test_a_server_that_does_not_answer_is_given_up(web, monkeypatch):
    monkeypatch.setattr(remote, "_TIMEOUT", 0.1)
    with pytest.raises(InputError, match=r"slow.csv cannot be fetched: no answer"):
        read_table(f"http://{web}/slow.csv")


def test_nobody_there_is_said():
    with pytest.raises(InputError, match="Connection refused"):
        read_table("http://127.0.0.1:9/a.csv")


def test_a_web_server_cannot_be_written(web):
    with pytest.raises(OutputError, match="a web server only gives"):
        check_output(f"https://{web}/o.csv", [])


def test_objects_are_read_listed_and_written(bucket):
    write_table(pl.DataFrame({"id": ["007"]}), "s3://bucket/d/part-1.csv")
    write_table(pl.DataFrame({"id": ["008"]}), "s3://bucket/d/part-2.parquet")
    assert bucket["/bucket/d/part-1.csv"] == b"id\n007\n"
    assert read_table("s3://bucket/d/part-2.parquet").frame["id"].to_list() == ["008"]
    both = read_table("s3://bucket/d/part-*")
    assert both.frame["id"].to_list() == ["007", "008"]


def test_a_missing_object_is_said(bucket):
    with pytest.raises(InputError, match=r"s3://bucket/no\.csv does not exist"):
        read_table("s3://bucket/no.csv")
    with pytest.raises(InputError, match="no file matches s3://bucket/no"):
        read_table("s3://bucket/no*.csv")


def test_other_file_systems_of_fsspec_serve_as_well():
    write_table(pl.DataFrame({"id": ["007"]}), "memory://x/a.csv.gz")
    assert read_table("memory://x/a.csv.gz").frame["id"].to_list() == ["007"]


def test_an_unknown_scheme_suggests_the_near_one():
    with pytest.raises(
        InputError, match="nothing here reads postgresq://; did you mean postgresql://"
    ):
        read_table("postgresq://h/d::t")


def test_the_hugging_face_hub_has_a_file_system():
    assert type(remote.file_system("hf://datasets/a/b/c.csv")).__name__ == "HfFileSystem"


def test_a_missing_library_is_named_with_the_pip_line(monkeypatch):
    import fsspec  # noqa: PLC0415 - imported where used, as in the module

    def absent(protocol: str, **more: object) -> None:
        raise ImportError(protocol)

    monkeypatch.setattr(fsspec, "filesystem", absent)
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)
    with pytest.raises(MissingExtraError, match=r"transformer-tk\[cloud\]"):
        read_table("gs://b/a.csv")

"""S3 as moto speaks it, on this machine: reading, writing, and what goes wrong.

With obstore, which the extra `cloud` brings, and with s3fs where that is installed (70 s more).
"""

import contextlib
import importlib.util
import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

import polars as pl
import pytest
from typer.testing import CliRunner

from tk.errors import InputError, OutputError
from tk_link import cli
from tk_link.reading import read_table
from tk_link.writing import check_output, write_table

pytestmark = pytest.mark.slow  # moto and boto are 85 MB, and their server takes 2 s to start

FIRMS = pl.DataFrame(
    {
        "id": [f"{n:03}" for n in range(60)],
        "name": [f"Firm {n * 7919 % 997} Ltd" for n in range(60)],
    }
)
SERVER = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
input()
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    pytest.importorskip("moto", reason="moto and flask are not installed")
    line = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.kill()


@pytest.fixture(params=["obstore", "s3fs"])
def s3(endpoint, request, monkeypatch) -> Any:
    """Return a client of an empty S3 with the bucket `firms`; tk reaches it by the environment."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    if request.param == "obstore":
        monkeypatch.setitem(sys.modules, "s3fs", None)
    urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "geheim", "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import boto3  # noqa: PLC0415 - comes with moto

    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="firms")
    return client


def test_tables_are_read_and_written(s3):
    write_table(FIRMS, "s3://firms/in/a.csv")
    write_table(FIRMS, "s3://firms/in/b.parquet")
    assert s3.get_object(Bucket="firms", Key="in/a.csv")["Body"].read().startswith(b"id,name\n000,")
    assert read_table("s3://firms/in/a.csv").frame.equals(FIRMS)
    assert read_table("s3://firms/in/b.parquet").frame.equals(FIRMS)


def test_large_objects_go_in_parts(s3):
    large = pl.DataFrame({"id": [f"{n:09}" for n in range(1_500_000)]})  # 15 MB
    write_table(large, "s3://firms/large.csv")
    assert read_table("s3://firms/large.csv").frame.equals(large)


def test_a_pattern_stands_for_the_objects_that_fit(s3):
    for n in (2, 1, 3):
        write_table(FIRMS[n * 10 : n * 10 + 10], f"s3://firms/2024/part-{n}.csv")
    write_table(FIRMS, "s3://firms/2024/deep/part-9.csv")
    write_table(FIRMS, "s3://firms/all.csv")
    found = read_table("s3://firms/2024/part-[12].csv").frame
    assert found.equals(FIRMS[10:30])
    assert len(read_table("s3://firms/*.csv").frame) == len(FIRMS)
    with pytest.raises(InputError, match="no file matches s3://firms/2025"):
        read_table("s3://firms/2025/*.csv")


def test_tk_link_reads_and_writes_objects(s3):
    write_table(FIRMS, "s3://firms/left.csv")
    write_table(FIRMS, "s3://firms/right.parquet")
    words = ["s3://firms/left.csv", "s3://firms/right.parquet", "-o", "s3://firms/linked.csv"]
    found = CliRunner().invoke(cli.app, words)
    assert found.exit_code == 0, found.output
    assert "geheim" not in found.output
    assert len(read_table("s3://firms/linked.csv").frame) == len(FIRMS)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("s3://firms/in/a.csv", "is an input of this run"),
        ("s3://firms/parts/1.csv", "is an input of this run"),
        ("s3://nobody/a.csv", "bucket 'nobody' does not exist"),
        ("s3://firms/there.csv", "exists; name another file, or say --if-exists replace"),
        ("s3://firms/a.txe", "suffix '.txe' is unknown"),
        ("s3://firms", "no suffix"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_work(s3, output, said):
    write_table(FIRMS, "s3://firms/there.csv")
    with pytest.raises(OutputError, match=said):
        check_output(output, ["s3://firms/in/a.csv", "s3://firms/parts/*.csv"], if_exists="fail")


def test_a_missing_bucket_and_a_missing_object_are_told_apart(s3):
    with pytest.raises(InputError, match="bucket 'nobody' does not exist at http://127"):
        read_table("s3://nobody/a.csv")
    with pytest.raises(InputError, match=r"s3://firms/no\.csv does not exist, or you may not"):
        read_table("s3://firms/no.csv")
    with pytest.raises(OutputError, match="bucket 'nobody' does not exist"):
        write_table(FIRMS, "s3://nobody/a.csv")
    with pytest.raises(InputError, match="names a bucket; name a file in it"):
        read_table("s3://firms")


def test_missing_credentials_are_said(s3, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")  # obstore asks a machine's
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InputError, match="no credentials were found; set AWS_ACCESS_KEY_ID"):
        read_table("s3://firms/a.csv")


def test_wrong_credentials_are_refused_and_not_shown(s3, endpoint, monkeypatch):
    import boto3  # noqa: PLC0415 - comes with moto

    write_table(FIRMS, "s3://firms/a.csv")
    iam = boto3.client("iam", region_name="us-east-1")
    iam.create_user(UserName="me")
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="me", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="me")["AccessKey"]
    refused = "the store refuses your credentials|permission denied"  # which s3fs says
    with _authorized(endpoint):
        with pytest.raises(InputError, match=refused) as unknown:
            read_table("s3://firms/a.csv")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        with pytest.raises(InputError, match=refused) as wrong:
            read_table("s3://firms/a.csv")
        assert not {"geheim", key["AccessKeyId"]} & {*f"{unknown.value} {wrong.value}".split()}
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        assert read_table("s3://firms/a.csv").frame.equals(FIRMS)
        with pytest.raises(OutputError, match="permission denied; may your credentials do that"):
            write_table(FIRMS, "s3://firms/a.csv")


def test_a_wrong_endpoint_is_said(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"no connection to http://127.0.0.1:9; is AWS_ENDPOINT"):
        read_table("s3://firms/a.csv")


def test_an_answer_that_breaks_off_is_gone_on_with_or_said(s3, endpoint, monkeypatch):
    write_table(LONG, "s3://firms/a.csv")
    with _cutting(endpoint, monkeypatch, times=1):
        found, said = _read("s3://firms/a.csv")
    assert said is None or "was lost in the middle; run it again" in said
    assert found is None or found.equals(LONG)


def test_a_connection_that_is_always_lost_is_said(s3, endpoint, monkeypatch):
    write_table(LONG, "s3://firms/a.csv")
    with (
        _cutting(endpoint, monkeypatch, times=10**6, after=20_000),
        pytest.raises(InputError, match="was lost in the middle; run it again"),
    ):
        read_table("s3://firms/a.csv")


def test_an_object_that_changes_while_it_is_read_is_never_half_old_half_new(
    s3, endpoint, monkeypatch
):
    write_table(LONG, "s3://firms/a.csv")
    new = LONG.with_columns(pl.col("id").str.replace("i", "j"))

    def change() -> None:
        s3.put_object(Bucket="firms", Key="a.csv", Body=new.write_csv().encode())

    with _cutting(endpoint, monkeypatch, times=1, then=change):
        found, said = _read("s3://firms/a.csv")
    assert said is None or "changed while it was read" in said or "was lost in the middle" in said
    assert found is None or found.equals(LONG) or found.equals(new)


def _read(url: str) -> tuple[pl.DataFrame | None, str | None]:
    try:
        return read_table(url).frame, None
    except InputError as error:
        return None, error.message


def test_a_connection_lost_while_writing_leaves_what_was_there(s3, endpoint, monkeypatch):
    write_table(FIRMS, "s3://firms/a.csv")
    large = pl.DataFrame({"id": [f"{n:09}" for n in range(1_500_000)]})
    with (
        _cutting(endpoint, monkeypatch, times=10**6, after=0),
        pytest.raises(OutputError),
    ):
        write_table(large, "s3://firms/a.csv")
    assert read_table("s3://firms/a.csv").frame.equals(FIRMS)


def test_short_programs_end_as_they_should(s3):
    write_table(FIRMS, "s3://firms/a.csv")
    program = "from tk_link.reading import read_table; read_table('s3://firms/a.csv')"
    codes = [subprocess.run([sys.executable, "-c", program], check=False).returncode for _ in RUNS]
    assert codes == [0] * len(RUNS)  # SIGABRT in one of four, through obstore's fsspec class


RUNS = range(10)
LONG = pl.DataFrame({"id": [f"i{n:08}" for n in range(100_000)]})  # 1 MB


@dataclass
class _authorized:
    """Within, the server knows its users and what they may do."""

    endpoint: str

    def __enter__(self) -> None:
        self._post(b"0")

    def __exit__(self, *error: object) -> None:
        self._post(b"inf")

    def _post(self, count: bytes) -> None:
        plain = {"Content-Type": "text/plain"}
        urlopen(Request(f"{self.endpoint}/moto-api/reset-auth", count, plain)).close()


@dataclass
class _cutting:
    """Within, tk reaches the server through a proxy that cuts answers off."""

    endpoint: str
    monkeypatch: pytest.MonkeyPatch
    times: int
    after: int = 300_000
    then: Callable[[], object] = lambda: None
    cut: list[int] = field(default_factory=list)

    def __enter__(self) -> None:
        self.proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self.proxy.daemon_threads = True
        threading.Thread(target=self.proxy.serve_forever, args=(0.01,), daemon=True).start()
        port = self.proxy.server_address[1]
        self.monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")

    def __exit__(self, *error: object) -> None:
        self.proxy.shutdown()
        self.proxy.server_close()
        self.monkeypatch.setenv("AWS_ENDPOINT_URL", self.endpoint)
        assert self.cut, "no answer was cut off"

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        outer = self
        there = ("127.0.0.1", int(self.endpoint.rpartition(":")[2]))

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(there) as server:
                    threading.Thread(target=_copy, args=(self.request, server)).start()
                    sent = 0
                    while data := server.recv(65536):
                        sent += len(data)
                        if len(outer.cut) < outer.times and sent > outer.after:
                            outer.cut.append(sent)
                            self._give(data[: outer.after - sent])  # headers arrive
                            outer.then()
                            self.request.shutdown(socket.SHUT_RDWR)
                            return
                        self._give(data)

            def _give(self, data: bytes) -> None:
                with contextlib.suppress(OSError):  # tk may have heard enough
                    self.request.sendall(data)

        return Handler


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)

"""Clients of every kind against a real server on the loopback address."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from lookup_serving import running

from tk.errors import InputError
from tk_link.lookup.config import ServeConfig
from tk_link.lookup.server import LARGEST_BODY, Server
from tk_link.lookup.service import Service
from tk_link.lookup.storing import write_index

QUERIES = urlencode({"queries": json.dumps({"q0": {"query": "Anna Abel"}})})
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def port(index):
    with running(index) as server:
        yield server.server_address[1]


def ask(port, method="GET", path="/", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def talk(port, data, *, wait=20.0):
    """Send bytes as they are and return all that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_form_is_answered_as_openrefine_sends_it(port):
    response, body = ask(port, "POST", "/", QUERIES, **FORM)
    assert response.status == 200
    assert json.loads(body)["q0"]["result"]
    assert ask(port, "GET", f"/reconcile?{QUERIES}")[1] == body


def test_json_bodies_and_head_are_answered(port):
    body = json.dumps({"record": {"city": "Wien"}})
    response, _ = ask(port, "POST", "/match", body, Content_Type="application/json; charset=utf-8")
    assert response.status == 200
    response, body = ask(port, "HEAD", "/")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0


def test_one_connection_carries_many_requests(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(5):
        connection.request("POST", "/", QUERIES, FORM)
        assert connection.getresponse().read()
    connection.close()


def test_many_clients_at_once_are_all_answered(port):
    def one(number):
        body = urlencode({"queries": json.dumps({f"q{number}": {"query": "Bruno Brandt"}})})
        response, answer = ask(port, "POST", "/", body, **FORM)
        return response.status, list(json.loads(answer))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(200)))
    assert answers == [(200, [f"q{number}"]) for number in range(200)]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (POST + b"\r\n", 411),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: x\r\n\r\n", 400),
        (POST + b"Content-Length: 9\r\nContent-Length: 8\r\n\r\n", 400),
        (POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", 400),
        (POST + b"Content-Length: 50\r\n\r\nshort", 400),
        (POST + b"Content-Length: 3\r\n\r\nabc", 415),
        (b"GET /?queries=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /?" + b"a=1&" * 300 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
        (b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"FLY / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    ],
)  # fmt: skip
def test_malformed_requests_are_the_clients_error(port, request_, status):
    answer = talk(port, request_)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status, head
    assert json.loads(body)["status"] == "error"


def test_a_body_too_large_is_refused_before_it_is_read(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")


def test_a_client_that_sends_all_of_a_body_too_large_reads_why(port):
    for _ in range(5):
        response, body = ask(port, "POST", "/", b"x" * 4_000_000, **FORM)
        assert response.status == 413
        assert b"larger than" in body


def test_a_body_that_nobody_asked_for_is_not_taken_for_a_request(port):
    hidden = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for head in (b"Content-Length: %d" % len(hidden), b"Transfer-Encoding: chunked"):
        for method in (b"GET", b"HEAD", b"OPTIONS"):
            answer = talk(
                port, method + b" / HTTP/1.1\r\nHost: a.b\r\n" + head + b"\r\n\r\n" + hidden
            )
            assert answer.count(b"HTTP/1.1 ") == 1


def test_a_body_as_large_as_allowed_is_read(port):
    body = "queries=" + "x" * (LARGEST_BODY - 8)
    assert ask(port, "POST", "/", body, **FORM)[0].status == 400  # not JSON


def test_slow_clients_lose_their_place_and_no_one_else_waits(index):
    with running(index, patience=0.5, connections=4) as server:
        port = server.server_address[1]
        slow = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(3)]
        slow[1].sendall(b"GET / HTTP/1.1\r\nHost: loc")
        slow[2].sendall(POST + b"Content-Length: 100\r\n\r\n")
        began = time.monotonic()
        assert ask(port)[0].status == 200
        for connection, answer in zip(slow, (b"", b"", b"HTTP/1.1 408"), strict=True):
            assert connection.recv(65536).startswith(answer)
            connection.close()
        assert time.monotonic() - began < 10


def test_a_trickle_of_bytes_does_not_renew_the_deadline(index):
    with running(index, patience=0.5) as server:
        address = ("127.0.0.1", server.server_address[1])
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nX-A: ")
            ended = False
            for _ in range(100):
                time.sleep(0.05)
                try:
                    connection.sendall(b"a")
                except OSError:
                    ended = True
                    break
            assert ended


def test_more_connections_than_allowed_are_turned_away_at_once(index):
    with running(index, connections=2) as server:
        port = server.server_address[1]
        held = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(2)]
        for connection in held:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.2)
        response, _ = ask(port)
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        for connection in held:
            connection.close()
        time.sleep(0.2)
        assert ask(port)[0].status == 200


def test_only_pages_of_this_machine_may_read_unless_told_otherwise(index, port):
    ours = "http://127.0.0.1:3333"
    response, _ = ask(port, "OPTIONS", "/", Origin=ours)
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == ours
    response, _ = ask(port, Origin="https://evil.example")
    assert response.headers["Access-Control-Allow-Origin"] is None
    with running(index, origins=("https://refine.example",)) as server:
        response, _ = ask(server.server_address[1], Origin="https://refine.example")
        assert response.headers["Access-Control-Allow-Origin"] == "https://refine.example"
    for path in ("/", "/match?city=Wien", "/suggest/type?prefix=", "/nothing"):
        response, _ = ask(port, path=path, Origin="http://localhost:3333")
        assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3333"


def test_the_manifest_names_the_address_that_the_client_used(index, port):
    manifest = json.loads(ask(port, Host=f"localhost:{port}")[1])
    assert manifest["view"]["url"] == f"http://localhost:{port}/view?id={{{{id}}}}"
    with running(index, public_url="https://data.example/people/") as server:
        for host in ("data.example", "DATA.example:443", "127.0.0.1:8080"):
            manifest = json.loads(ask(server.server_address[1], Host=host)[1])
            assert manifest["preview"]["url"].startswith("https://data.example/people/preview?id=")
        assert ask(server.server_address[1], Host="rebound.example")[0].status == 403


def test_the_server_listens_on_the_loopback_address_by_default(port):
    assert ServeConfig().host == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_an_address_in_use_is_said(index, port):
    with pytest.raises(InputError, match=r"cannot be listened on.*--port"):
        Server(Service(index, 0.9), ServeConfig(port=port))
    with pytest.raises(InputError, match="cannot be listened on"):
        Server(Service(index, 0.9), ServeConfig(host="256.1.1.1"))


def test_a_failure_inside_is_answered_and_the_server_goes_on(index, caplog):
    class Broken(Service):
        def answer(self, request):
            if request.path == "/broken":
                raise RuntimeError("boom")
            return super().answer(request)

    server = Server(Broken(index, 0.9), ServeConfig(port=0))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    response, body = ask(server.server_address[1], path="/broken")
    assert response.status == 500
    assert b"boom" not in body
    assert "boom" in caplog.text
    assert ask(server.server_address[1])[0].status == 200
    server.shutdown()
    thread.join()
    server.close()


def test_an_idle_connection_does_not_hold_up_the_end(index):
    with running(index, patience=60) as server:
        idle = socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=20)
        time.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    idle.close()


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_well(index, tmp_path, kind):
    write_index(index, tmp_path / "people.tkindex")
    words = ["index", "serve", "people.tkindex", "--port", "0"]
    code = f"from tk_cli.main import main; raise SystemExit(main({words!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        env=os.environ,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    assert "people: 300 rows at http://127.0.0.1:" in said
    port = int(said.split("127.0.0.1:")[1].split()[0])
    assert ask(port)[0].status == 200
    process.send_signal(kind)
    _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from tk.errors import TkError, UsageError
from tk.testing import assert_encoder
from tk_link.dense.endpoint import Address, Endpoint, parse_address
from tk_link.dense.posting import Patience

DIM = 5


class Handler(BaseHTTPRequestHandler):
    """Answer as the server's `script` says, one entry a request, then soundly."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.seen.append((self.path, body, self.headers.get("Authorization")))
        step = server.script.pop(0) if server.script else {}
        if isinstance(step, bytes):
            return self.answer(200, step)
        if "code" in step:
            return self.answer(step["code"], json.dumps(step.get("body", {})).encode(), step)
        dim = step.get("dim", DIM)
        rows = [
            {"index": n, "embedding": [float(len(t) * (d + 1) + ord(t[-1])) for d in range(dim)]}
            for n, t in enumerate(body["input"])
        ]
        return self.answer(200, json.dumps({"data": rows[::-1]}).encode())

    def answer(self, code, content, step=()):
        self.send_response(code)
        for name in ("Retry-After", "Location"):
            if name in step:
                self.send_header(name, step[name])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("TK_API_KEY", "secret")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.seen, made.script = [], []
    made.address = f"http://127.0.0.1:{made.server_port}/v1:org/some-model:latest"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def waits():
    return []


@pytest.fixture
def patience(waits):
    return Patience(tries=4, timeout=2, pause=0.5, sleep=waits.append)


def test_it_keeps_the_promises_of_an_encoder(server, patience):
    assert_encoder(Endpoint(server.address, patience=patience), ["a", "bc", "def", "a"])


def test_the_request_is_what_the_protocol_says(server, patience):
    encoder = Endpoint(server.address, patience=patience)
    encoder.encode(["a", "bc", "a"])
    path, body, key = server.seen[-1]
    assert path == "/v1/embeddings"
    assert body == {
        "model": "org/some-model:latest", "input": ["a", "bc"], "encoding_format": "float"
    }  # fmt: skip
    assert key == "Bearer secret"
    assert encoder.dim == DIM


def test_the_other_key_serves_where_ours_is_not_set(server, patience, monkeypatch):
    monkeypatch.setenv("TK_API_KEY", "")
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    Endpoint(server.address, patience=patience)
    assert server.seen[-1][2] == "Bearer theirs"


def test_texts_go_in_batches_and_come_back_in_order(server, patience):
    encoder = Endpoint(server.address, patience=patience)
    texts = [f"{'x' * (n % 7)}{n}" for n in range(50)]
    vectors = encoder.encode(texts, batch_size=8)
    assert sorted(len(body["input"]) for _, body, _ in server.seen[1:]) == [2, *[8] * 6]
    np.testing.assert_array_equal(vectors[:, 0], [len(t) + ord(t[-1]) for t in texts])


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_or_broken_server_is_asked_again(server, patience, waits, code):
    encoder = Endpoint(server.address, patience=patience)
    server.script += [{"code": code}, {"code": code}]
    assert encoder.encode(["a"]).shape == (1, DIM)
    assert waits == [0.5, 1.0]


def test_the_server_may_say_how_long_to_wait_up_to_a_minute(server, patience, waits):
    encoder = Endpoint(server.address, patience=patience)
    server.script += [
        {"code": 429, "Retry-After": "7"},
        {"code": 429, "Retry-After": "86400"},
        {"code": 429, "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"},
    ]
    encoder.encode(["a"])
    assert waits == [7.0, 60.0, 2.0]


def test_a_server_that_stays_overloaded_is_named(server, patience, waits):
    server.script += [{"code": 429, "body": {"error": {"message": "quota  used\nup"}}}] * 4
    with pytest.raises(TkError, match=r"in 4 tries; the last said: HTTP 429 .*: quota used up"):
        Endpoint(server.address, patience=patience)
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("code", "says"),
    [(401, "refuses the key"), (404, "lacks the model"), (400, "refuses the request")],
)
def test_a_refusal_is_final(server, patience, code, says):
    server.script += [{"code": code, "body": {"error": "no such thing"}}]
    with pytest.raises(UsageError, match=f"{says}.*no such thing"):
        Endpoint(server.address, patience=patience)
    assert len(server.seen) == 1


def test_a_redirect_is_not_followed(server, patience):
    server.script += [{"code": 307, "Location": "http://127.0.0.1:1/v1/embeddings"}]
    with pytest.raises(UsageError, match="HTTP 307"):
        Endpoint(server.address, patience=patience)


def vectors(*rows):
    data = [{"index": n, "embedding": row} for n, row in enumerate(rows)]
    return json.dumps({"data": data}).encode()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"<html>Bad gateway</html>", "no JSON: '<html>Bad gateway"),
        (b"", "no JSON"),
        (b"[]", "no list of vectors"),
        (b"null", "no list of vectors"),
        (b'{"data": null}', "no list of vectors"),
        (b'{"data": [{"embedding": "AAAA"}]}', "no list of vectors"),
        (b'{"data": [{"index": 4, "embedding": [1, 2]}]}', "no list of vectors"),
        (vectors([1, 2], [3, 4]), r"2 vectors .* for 1"),
        (vectors([]), r"shape \(1, 0\)"),
        (vectors([[1], [2]]), r"shape \(1, 2, 1\)"),
        (b'{"data": [{"embedding": [1, NaN]}]}', "no finite numbers"),
        (b'{"data": [{"embedding": [1, null]}]}', "no (list of vectors|finite numbers)"),
    ],
)
def test_garbage_is_named(server, patience, answer, says):
    server.script += [answer]
    with pytest.raises(TkError, match=says):
        Endpoint(server.address, patience=patience)


def test_vectors_of_different_lengths_are_refused(server, patience):
    encoder = Endpoint(server.address, patience=patience)
    server.script += [vectors([1, 2], [1, 2, 3])]
    with pytest.raises(TkError, match="no list of vectors"):
        encoder.encode(["a", "b"])


def test_a_model_changed_under_way_is_named(server, patience):
    encoder = Endpoint(server.address, patience=patience)
    server.script += [{"dim": 9}]
    with pytest.raises(TkError, match=r"length 5 before and 9 now; its model was changed"):
        encoder.encode(["a"])


def test_nobody_there_is_said_after_three_tries(waits):
    patience = Patience(tries=6, timeout=2, pause=0.5, sleep=waits.append)
    with pytest.raises(TkError, match=r"in 3 tries; the last said: .*refused"):
        Endpoint("http://127.0.0.1:1/v1:m", patience=patience)
    assert len(waits) == 2


def test_a_silent_server_is_given_up(waits):
    silent = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # accepts, and never answers
    patience = Patience(tries=2, timeout=0.05, pause=0.5, sleep=waits.append)
    with pytest.raises(TkError, match=r"in 2 tries; the last said: .*timed out"):
        Endpoint(f"http://127.0.0.1:{silent.server_port}/v1:m", patience=patience)
    silent.server_close()


@pytest.mark.parametrize(
    ("text", "url", "model"),
    [
        ("http://localhost:8000/v1:bge", "http://localhost:8000/v1", "bge"),
        ("https://api.x.com/v1/:org/m", "https://api.x.com/v1", "org/m"),
        ("http://[::1]:11434/v1:nomic:latest", "http://[::1]:11434/v1", "nomic:latest"),
    ],
)
def test_addresses_are_split_at_the_first_colon_of_the_path(text, url, model):
    assert parse_address(text) == Address(url, model)


@pytest.mark.parametrize("text", ["http://host/v1", "http://host/v1:", "http:///v1:m", "x:m"])
def test_an_address_without_a_model_is_refused(text):
    with pytest.raises(UsageError, match="names no model of an endpoint"):
        parse_address(text)


def test_a_key_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(UsageError, match="TK_API_KEY") as caught:
        parse_address("http://user:hunter2@host/v1:m")
    assert "hunter2" not in str(caught.value)

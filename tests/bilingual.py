"""A model that knows two languages, behind a real OpenAI-compatible server on this machine."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import polars as pl

LETTERS = ("abcdefghijklm", "nopqrstuvwxyz")
"""Each language has its own, so that no spelling helps."""
_IDEAS = 90
_rng = random.Random(7)
WORDS = [
    ["".join(_rng.choices(letters, k=_rng.randint(4, 9))) for letters in LETTERS]
    for _ in range(_IDEAS)
]
MEANINGS = {word: idea for idea, words in enumerate(WORDS) for word in words}


def names(language: int) -> list[str]:
    """Return sixty names of three words; the nth means the same in both languages."""
    rng = random.Random(11)
    return [" ".join(WORDS[i][language] for i in rng.sample(range(_IDEAS), 3)) for _ in range(60)]


def firms() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return sixty firms, and 48 of them in the other language: row n is row 47 - n there."""
    return pl.DataFrame({"firma": names(0)}), pl.DataFrame({"company": names(1)[:48][::-1]})


def vector(text: str, dim: int) -> list[float]:
    """Add up the directions of the words' meanings; a little noise beside."""
    out = np.random.default_rng(len(text)).normal(0, 0.2, dim)
    for idea in {MEANINGS[word] for word in text.split() if word in MEANINGS}:
        out += np.random.default_rng(1_000 + idea).normal(0, 1, dim)
    return [float(value) for value in out]


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        self.server.seen += texts  # type: ignore[attr-defined]
        dim = self.server.dim  # type: ignore[attr-defined]
        rows = [{"index": n, "embedding": vector(text, dim)} for n, text in enumerate(texts)]
        content = json.dumps({"data": rows}).encode() if dim else b"<html>busy</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving() -> Iterator[ThreadingHTTPServer]:
    """Serve; ``dim`` is the vectors' length (0: answers are no JSON), ``seen`` what was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.dim, server.seen = 32, []  # type: ignore[attr-defined]
    server.address = f"http://127.0.0.1:{server.server_port}/v1:de-en"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

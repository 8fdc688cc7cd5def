"""`tk hub serve`: try a hub on this machine, over HTTP on the loopback address."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tk import InputError, UsageError
from tk_hub.simple import JSON


class _Handler(SimpleHTTPRequestHandler):
    """Serve files; under ``simple/``, JSON to those who ask for it (PEP 691)."""

    def send_head(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as in the standard library
        is_listing = self.path.startswith("/simple/") and self.path.endswith("/")
        if is_listing and JSON in self.headers.get("Accept", ""):
            self.path += "index.json"
        return super().send_head()

    def guess_type(self, path: str) -> str:  # type: ignore[override]  # called with strings only
        is_simple = "/simple/" in self.path and path.endswith("index.json")
        return JSON if is_simple else super().guess_type(path)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a server for trying need not list every request."""


def make_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Bind to 127.0.0.1; port 0 takes any free one.

    Raises:
        InputError: There is no hub in `folder`.
        UsageError: The port is taken.
    """
    if not (folder / "metadata").is_dir():
        raise InputError(f"{folder} holds no hub (tk hub init)")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except OSError as e:
        raise UsageError(f"port {port} cannot be used: {e.strerror} (--port)") from e

"""A small HTTP server that slow, greedy and malformed clients cannot hurt.

Python's own server, with what it lacks: one deadline for a whole request instead of a timeout that
every byte renews, a bound on bodies and on connections, JSON errors, answers for web pages of this
machine alone, and an end that lets running requests finish.
"""

from __future__ import annotations

import io
import logging
import signal
import socket
import socketserver
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tk.errors import InputError
from tk_link.lookup.addresses import check_host, is_loopback, may_read
from tk_link.lookup.config import ServeConfig
from tk_link.lookup.patience import Patient
from tk_link.lookup.protocol import Refused
from tk_link.lookup.service import Request, Response, Service, refusal

LARGEST_BODY = 1_000_000
_MOST_FIELDS = 200
_DRAIN = 2.0
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
_log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Serves one index.

    Raises:
        InputError: The address cannot be listened on.
    """

    daemon_threads = False  # running requests end before the process does
    request_queue_size = 128

    def __init__(self, service: Service, config: ServeConfig) -> None:
        self.service = service
        self.config = config
        self._free = threading.BoundedSemaphore(config.connections)
        self._open: set[socket.socket] = set()
        try:
            infos = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
            self.address_family = infos[0][0]
            super().__init__((config.host, config.port), _Handler)
        except OSError as error:
            raise InputError(
                f"{config.host}:{config.port} cannot be listened on: {error.strerror or error}; "
                "choose another --host or --port"
            ) from error
        self.is_local = is_loopback(str(self.server_address[0]))

    def server_bind(self) -> None:
        """Bind without the reverse name look-up of `HTTPServer`, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @property
    def url(self) -> str:
        """Where the server is reached, as it knows itself."""
        host, port = str(self.server_address[0]), self.server_address[1]
        return self.config.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def process_request(  # type: ignore[override]  # a TCP server gets sockets alone
        self, request: socket.socket, client_address: object
    ) -> None:
        """Give the connection a thread, or turn it away where all are taken."""
        if not self._free.acquire(blocking=False):
            with suppress(OSError):
                request.settimeout(1.0)
                request.sendall(_BUSY)
            self.shutdown_request(request)
            return
        self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(  # type: ignore[override]  # as above
        self, request: socket.socket, client_address: object
    ) -> None:
        """Serve the connection, then free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Note what broke a connection; a client that went away is no news."""
        _log.debug("connection of %s ended", client_address, exc_info=True)

    def serve(self) -> None:
        """Serve until SIGINT or SIGTERM, then let running requests finish."""

        def stop(*_: object) -> None:
            threading.Thread(target=self.shutdown).start()

        before = {kind: signal.signal(kind, stop) for kind in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.serve_forever(poll_interval=0.1)
        finally:
            self.close()
            for kind, handler in before.items():
                signal.signal(kind, handler)

    def close(self) -> None:
        """Stop listening, end idle connections and wait for the others."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._bytes = Patient(self.connection, self.server.config.patience)
        self.rfile = io.BufferedReader(self._bytes)

    def handle_one_request(self) -> None:
        """Wait for a request, then give it a deadline of its own."""
        self._bytes.begin()
        try:
            if not self.rfile.peek(1):  # type: ignore[attr-defined]
                self.close_connection = True
                return
        except OSError:
            self.close_connection = True
            return
        self._bytes.begin()
        super().handle_one_request()

    def do_GET(self) -> None:
        self._leave_body()
        self._answer(None)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        try:
            body = self._body()
        except Refused as refused:
            self.close_connection = True  # what is left of the body is not read
            self._send(refusal(refused.status, refused.reason))
            self._drain()
            return
        self._answer(body)

    def do_OPTIONS(self) -> None:
        """Tell a web page what it may send."""
        self._leave_body()
        self._send(Response(HTTPStatus.NO_CONTENT, "", b""))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say in JSON why a request is not even parsed; an unknown method is the client's error."""
        self.close_connection = True
        self.request_version = self.protocol_version  # what cannot be parsed counts as HTTP/0.9
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else code
        reason = message or HTTPStatus(status).phrase
        self._send(refusal(int(status), reason))

    def version_string(self) -> str:
        """Name the server, and no version."""
        return "tk"

    def log_message(self, format: str, *args: object) -> None:
        """Say each request where that is wanted."""
        if self.server.config.log:
            _log.info("%s %s", self.address_string(), format % args)

    def _answer(self, body: bytes | None) -> None:
        try:
            response = self.server.service.answer(self._request(body))
        except Refused as refused:
            response = refusal(refused.status, refused.reason)
        except Exception:
            _log.exception("request %.200r failed", self.requestline)
            response = refusal(500, "the server failed")
        self._send(response)

    def _request(self, body: bytes | None) -> Request:
        base = self._base()
        parts = urlsplit(self.path)
        pairs = _fields(parts.query)
        kind = self.headers.get_content_type()
        if body is None or kind not in ("application/x-www-form-urlencoded", "application/json"):
            if body:
                raise Refused(415, f"send a form or JSON, not {kind:.80}")
            return Request(parts.path, pairs, None, base, parts.query)
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise Refused(400, "the body is not UTF-8") from error
        if kind == "application/json":
            return Request(parts.path, pairs, text, base)
        return Request(parts.path, pairs | _fields(text), None, base)

    def _leave_body(self) -> None:
        """End the connection after a body that is not read: it would be taken for a request."""
        if self.headers.get("Content-Length", "0").strip() != "0" or (
            "Transfer-Encoding" in self.headers
        ):
            self.close_connection = True

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") is not None:
            raise Refused(411, "send a Content-Length, not chunks")
        lengths = set(self.headers.get_all("Content-Length") or [])
        if not lengths:
            raise Refused(411, "Content-Length is missing")
        length = lengths.pop().strip()
        if lengths or not (length.isascii() and length.isdigit() and len(length) < 20):
            raise Refused(400, "Content-Length is no number")
        if int(length) > LARGEST_BODY:
            raise Refused(413, f"the body is larger than {LARGEST_BODY:,} bytes")
        try:
            body = self.rfile.read(int(length))
        except TimeoutError as error:
            raise Refused(408, "the body did not come in time") from error
        if len(body) < int(length):
            raise Refused(400, "the body ends early")
        return body

    def _base(self) -> str:
        """Return the address that the client used, or the one that we are known by."""
        public = self.server.config.public_url
        host = self.headers.get("Host", "")
        if host:
            check_host(host, public, is_local=self.server.is_local)
        if public is not None:
            return public.rstrip("/")
        return f"http://{host}" if host else self.server.url

    def _send(self, response: Response) -> None:
        self.connection.settimeout(self.server.config.patience)
        try:
            self.send_response(response.status, response.reason)
            for name, value in self._headers(response):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)
        except OSError:  # gone, or too slow to take its answer
            self.close_connection = True

    def _drain(self) -> None:
        """Take what a refused client is still sending, for a while, so that it reads the answer.

        To close with bytes unread resets the connection, and the answer is lost with it.
        """
        until = time.monotonic() + min(_DRAIN, self.server.config.patience)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while (left := until - time.monotonic()) > 0:
                self.connection.settimeout(left)
                if not self.connection.recv(1 << 16):
                    break

    def _headers(self, response: Response) -> list[tuple[str, str]]:
        out = [("X-Content-Type-Options", "nosniff"), ("Vary", "Origin")]
        if response.status != HTTPStatus.NO_CONTENT:
            out += [("Content-Type", response.kind), ("Content-Length", str(len(response.body)))]
        if response.kind.startswith("text/html"):
            out.append(("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"))
        if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
            out.append(("Allow", "GET, HEAD, POST, OPTIONS"))
        if self.close_connection:
            out.append(("Connection", "close"))
        headers = getattr(self, "headers", None)
        origin = headers.get("Origin") if headers else None
        if origin and may_read(origin, self.server.config.origins):
            out += [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
                ("Access-Control-Allow-Headers", "Content-Type"),
                ("Access-Control-Max-Age", "600"),
            ]
        return out


def _fields(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise Refused(400, f"the form is malformed: {error}") from error
    return dict(pairs)

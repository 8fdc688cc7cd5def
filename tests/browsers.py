"""A headless Chromium spoken to through its debugging pipe: pages looked at as people see them."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Literal, Self

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe")


class Browser:
    """A browser with one page open.

    Commands are those of the DevTools protocol, which Chromium reads from its file descriptor 3 and
    answers on 4, each message ended by a NUL.
    """

    def __init__(self) -> None:
        if CHROMIUM is None:
            raise FileNotFoundError("no chromium; apt-get install chromium")
        self._profile = tempfile.TemporaryDirectory()
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        # The shell moves our two pipes to the numbers that Chromium wants.
        script = f'exec "$@" 3<&{commands} 4>&{answers}'
        words = [CHROMIUM, *_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *words],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._numbers = itertools.count(1)
        self._unread = b""
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session = None
        self("Browser.close")
        self._process.wait(timeout=20)
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()

    def __call__(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command and return its answer."""
        number = next(self._numbers)
        session = {} if self._session is None else {"sessionId": self._session}
        message = {"id": number, "method": method, "params": params} | session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def open(
        self, url: str, *, width: int = 1280, theme: Literal["light", "dark"] = "light"
    ) -> None:
        """Show a page at a width in CSS pixels; a narrow one is a phone."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1 if width > 600 else 2,
            mobile=width <= 600,
        )
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        done = self("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"]["text"])
        return done["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Write the whole page as a PNG."""
        data = self("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def print(self, path: Path) -> None:
        """Write the page as it would be printed on A4."""
        size = {"paperWidth": 8.27, "paperHeight": 11.69}
        path.write_bytes(base64.b64decode(self("Page.printToPDF", **size)["data"]))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise RuntimeError("the browser has gone away")
            self._unread += piece
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

"""Reading from a client that has until a deadline, however slowly its bytes trickle in."""

from __future__ import annotations

import io
import socket
import time


class Patient(io.RawIOBase):
    """Bytes of a connection, until a deadline."""

    def __init__(self, connection: socket.socket, patience: float) -> None:
        self._connection = connection
        self._patience = patience
        self.begin()

    def begin(self) -> None:
        """Give the client its whole time anew."""
        self._until = time.monotonic() + self._patience

    def readable(self) -> bool:
        """Say that it can be read, as `io.BufferedReader` asks."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read what there is; a client out of time raises `TimeoutError`."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the client took too long")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)

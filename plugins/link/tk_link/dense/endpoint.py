"""Encode texts with an OpenAI-compatible endpoint: ``http://host/v1:model``.

Only the standard library is needed. Nothing follows a redirect, so a key never reaches a host that
was not named.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from tk.errors import TkError, UsageError
from tk_link.dense.posting import Patience, post_json
from tk_link.dense.texts import distinct

_KEYS = ("TK_API_KEY", "OPENAI_API_KEY")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_AT_ONCE = 4
"""Requests under way at a time; servers batch them, and one alone would mostly wait."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """Where a model answers.

    Attributes:
        url: Base address, without the final slash: ``http://localhost:8000/v1``.
        model: What the server calls the model.
    """

    url: str
    model: str

    def __str__(self) -> str:
        return f"{self.url}:{self.model}"


def parse_address(text: str) -> Address:
    """Split ``http://host:8000/v1:org/model`` at the first colon of its path.

    Raises:
        UsageError: It is no such address.
    """
    parts = urlsplit(text)
    path, colon, model = parts.path.partition(":")
    if parts.scheme not in ("http", "https") or not parts.hostname or not (colon and model):
        raise UsageError(f"'{text}' names no model of an endpoint; write http://host:8000/v1:name")
    if parts.username or parts.query or parts.fragment:
        raise UsageError(
            f"the address of {parts.hostname} holds more than host, path and model; "
            f"put a key into the environment variable {_KEYS[0]}"
        )
    return Address(f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}", model)


def is_local(address: Address) -> bool:
    """Tell whether the endpoint runs on this machine."""
    return urlsplit(address.url).hostname in _LOCAL


class Endpoint:
    """A model behind an OpenAI-compatible ``/embeddings``.

    Attributes:
        dim: Length of the vectors, asked for with one short text when this is made.
        identity: The address. A server that changes its model under the same name goes unnoticed
            unless the dimension changes.
    """

    def __init__(self, address: str, *, patience: Patience | None = None) -> None:
        """Ask the endpoint for one vector.

        The key comes from the environment: ``TK_API_KEY``, else ``OPENAI_API_KEY``.

        Args:
            address: ``http://host/v1:model``.
            patience: How long to wait and how often to try.

        Raises:
            UsageError: The address is malformed, or the server refuses the key or the model.
            TkError: The server cannot be reached or answers nonsense.
        """
        self._address = parse_address(address)
        self._patience = patience or Patience()
        self._key = next((os.environ[name] for name in _KEYS if os.environ.get(name)), None)
        if self._key and self._address.url.startswith("http:") and not is_local(self._address):
            _log.warning("the key goes to %s unencrypted; use https", self._address.url)
        self.identity = f"endpoint:{self._address}"
        self.dim = 0
        self.dim = self._ask(["a probe"]).shape[1]

    def encode(self, items: Sequence[str], *, batch_size: int = 64) -> NDArray[np.float32]:
        """Return one vector per text: ``(len(items), dim)``.

        Raises:
            TkError: The server stays unreachable or overloaded, answers nonsense, or its vectors
                changed their length.
        """
        texts, positions = distinct(items)
        batches = [texts[i : i + batch_size] for i in range(0, len(texts), batch_size)]
        if not batches:
            return np.empty((0, self.dim), dtype=np.float32)
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            vectors = np.concatenate(list(pool.map(self._ask, batches)))
        finally:
            pool.shutdown(cancel_futures=True)
        found: NDArray[np.float32] = vectors[positions]
        return found

    def _ask(self, texts: list[str]) -> NDArray[np.float32]:
        answer = post_json(
            f"{self._address.url}/embeddings",
            {"model": self._address.model, "input": texts, "encoding_format": "float"},
            key=self._key,
            patience=self._patience,
        )
        return self._checked(read_vectors(answer, len(texts), where=str(self._address)))

    def _checked(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.dim and vectors.shape[1] != self.dim:
            raise TkError(
                f"{self._address} gave vectors of length {self.dim} before and "
                f"{vectors.shape[1]} now; its model was changed, run again"
            )
        return vectors


def read_vectors(answer: object, count: int, *, where: str) -> NDArray[np.float32]:
    """Read the vectors from an answer, ``(count, dim)``, whatever their order in it.

    Raises:
        TkError: The answer is not what the protocol says.
    """
    try:
        data = answer["data"]  # type: ignore[index]  # anything else is caught below
        rows = {int(item.get("index", n)): item["embedding"] for n, item in enumerate(data)}
        vectors = np.array([rows[n] for n in range(count)], dtype=np.float32)
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as e:
        raise TkError(f"{where} answered something that is no list of vectors: {e!r}") from e
    if len(data) != count or vectors.ndim != 2 or not vectors.shape[1]:
        raise TkError(f"{where} gave {len(data)} vectors of shape {vectors.shape} for {count}")
    if not np.isfinite(vectors).all():
        raise TkError(f"{where} gave vectors with values that are no finite numbers")
    return vectors

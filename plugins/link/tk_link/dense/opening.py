"""Open the encoder and the index backend that ``--model`` and ``--backend`` name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from tk import Kind, NotFoundError, UsageError, discover
from tk.protocols import Encoder, IndexBackend
from tk_link.dense.cache import CachedEncoder

T = TypeVar("T")

PACKAGED = "minilm"
"""The encoder that needs no network."""
_HUB = "hf:"


class TextEncoder(Encoder[str], Protocol):
    """An encoder of texts that can name its model.

    Attributes:
        identity: Two encoders that share it give the same vectors.
    """

    identity: str


def is_address(model: str) -> bool:
    """Tell an endpoint's address from a name or a folder."""
    return model.startswith(("http://", "https://"))


def open_encoder(
    model: str = PACKAGED,
    *,
    device: str | None = None,
    offline: bool = False,
    cache: bool = True,
    folder: Path | None = None,
) -> Encoder[str]:
    """Open an encoder of texts.

    Args:
        model: ``http://host/v1:name`` (an OpenAI-compatible endpoint), a folder, a name that
            ``tk encoders`` lists, or a model on the Hugging Face hub: ``hf:org/name``, ``org/name``
            or the bare name of one of sentence-transformers' own.
        device: ``cpu``, ``cuda``, …; the fastest there is where left out.
        offline: Use what is on this machine only; an endpoint on this machine is.
        cache: Keep vectors on disk.
        folder: Where; by default where the platform keeps such things, or ``TK_CACHE``.

    Raises:
        UsageError: No such name or device, a malformed address, or an endpoint elsewhere while
            offline.
        InputError: The model cannot be loaded.
        MissingExtraError: It is a packaged one that is not installed.
        TkError: The endpoint does not answer.
    """
    encoder = _open(model, device=device, offline=offline)
    identity = getattr(encoder, "identity", None)
    if cache and identity:  # one that does not name its model could be any
        return CachedEncoder(encoder, identity=identity, folder=folder)
    return encoder


def _open(model: str, *, device: str | None, offline: bool) -> Encoder[str]:
    if is_address(model):
        return _open_endpoint(model, offline=offline)
    if not _is_folder(model) and not model.startswith(_HUB):
        try:
            entry = discover().find(Kind.ENCODER, model)
        except NotFoundError:
            if not _may_be_on_the_hub(model):
                raise
        else:
            found: Encoder[str] = _made(entry.load(), device=device, offline=offline)
            return found
    from tk_link.dense.transformer import SentenceEncoder  # noqa: PLC0415 - imports torch

    return SentenceEncoder(model.removeprefix(_HUB), device=device, offline=offline)


def _open_endpoint(model: str, *, offline: bool) -> Encoder[str]:
    from tk_link.dense.endpoint import Endpoint, is_local, parse_address  # noqa: PLC0415

    address = parse_address(model)
    if offline and not is_local(address):
        raise UsageError(f"{address} is on the network, which --offline forbids")
    return Endpoint(model)


def _is_folder(model: str) -> bool:
    return model.startswith((".", "/", "~")) or Path(model).is_dir()


def _may_be_on_the_hub(model: str) -> bool:
    """Tell a hub's name from a mistyped one of ours: it has an owner, or a size and a version."""
    return "/" in model or model.count("-") >= 2


def open_backend(name: str = "faiss", *, device: str | None = None) -> IndexBackend:
    """Open the index backend that ``tk backends`` lists as `name`.

    Raises:
        NotFoundError: There is none.
    """
    found: IndexBackend = _made(discover().find(Kind.BACKEND, name).load(), device=device)
    return found


def _made(factory: Callable[..., T], **options: object) -> T:
    """Call `factory` with those of the options that it knows; a stranger's may know none."""
    known = inspect.signature(factory).parameters
    return factory(**{name: value for name, value in options.items() if name in known})

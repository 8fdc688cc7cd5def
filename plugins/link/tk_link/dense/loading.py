"""Load a sentence-transformers model and find out how it reads texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tk.errors import InputError, UsageError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def load(name: str, *, device: str | None, offline: bool) -> SentenceTransformer:
    """Load a model from a folder or the hub; no code that comes with it is run.

    Raises:
        InputError: There is no such model, or it is no sentence-transformers model.
        UsageError: There is no such device.
    """
    check_device(device)
    # Imported here: it takes seconds, and `tk encoders` lists this module's entries.
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    folder = Path(name).expanduser()
    is_path = folder.exists()
    if not is_path and name.startswith((".", "/", "~")):
        raise InputError(f"'{name}' does not exist; --model names a model or its folder")
    if is_path and not ((folder / "modules.json").is_file() or (folder / "config.json").is_file()):
        raise InputError(
            f"'{name}' is no sentence-transformers model: it has no modules.json or config.json"
        )
    try:
        with _without_bars():
            return SentenceTransformer(
                str(folder) if is_path else name, device=device, local_files_only=offline
            )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as e:
        reason = next(iter(str(e).strip().splitlines()), type(e).__name__)
        if is_path:
            raise InputError(f"model '{name}' cannot be loaded: {reason}") from e
        where = "on this machine; leave --offline out to fetch it" if offline else "on the hub"
        raise InputError(
            f"model '{name}' was not found {where} (it is no folder here either: {reason})"
        ) from e


def check_device(device: str | None) -> None:
    """Check that torch has the device; None is always there.

    Raises:
        UsageError: It has not.
    """
    if device is None:
        return
    try:
        kind, number = torch.device(device).type, torch.device(device).index or 0
    except RuntimeError as e:
        raise UsageError(f"device {device!r} is unknown; take cpu, cuda, cuda:1 or mps") from e
    if kind == "cuda" and number >= torch.cuda.device_count():
        raise UsageError(
            f"device is {device!r}, but torch finds {torch.cuda.device_count()} CUDA devices on "
            "this machine; leave --device out to take what there is"
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UsageError("device is 'mps', which this machine has not; leave --device out")


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep the libraries' own progress bars off standard error."""
    from transformers.utils import logging  # noqa: PLC0415

    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def probe(model: SentenceTransformer) -> NDArray[np.float32]:
    """Return the vector of one text, ``(1, dim)``."""
    return np.asarray(model.encode(["a probe"], show_progress_bar=False), dtype=np.float32)


def tokenise(model: SentenceTransformer, texts: list[str]) -> dict[str, list[list[int]]]:
    """Return what the model reads of each text, unpadded: ``input_ids`` and perhaps more."""
    found = model.tokenizer(
        texts,
        truncation=True,
        max_length=model.max_seq_length,
        return_attention_mask=False,
        verbose=False,
    )
    return dict(found)


def is_plain_text_model(model: SentenceTransformer) -> bool:
    """Tell whether the model reads a text as its tokens and nothing else.

    Prompts, chat templates, images, word vectors and slow tokenizers are the library's own affair;
    what it makes of two texts is compared with what we would feed the model.
    """
    if not getattr(getattr(model, "tokenizer", None), "is_fast", False):
        return False
    if getattr(model, "default_prompt_name", None) is not None:
        return False
    sample = ["One text", "another, longer one: No. 7"]
    read = getattr(model, "preprocess", None) or model.tokenize  # the former since version 6
    theirs: dict[str, Any] = read(sample)
    if "input_ids" not in theirs or "attention_mask" not in theirs:
        return False
    ours = tokenise(model, sample)
    rows = [
        ids[mask.bool()].tolist()
        for ids, mask in zip(theirs["input_ids"], theirs["attention_mask"], strict=True)
    ]
    known = {"input_ids", "attention_mask", "token_type_ids", "modality"}
    return rows == ours["input_ids"] and set(theirs) <= known


def digest_of(model: SentenceTransformer) -> str:
    """Hash everything a vector depends on; a hundred megabytes take a tenth of a second."""
    digest = hashlib.blake2b(digest_size=16)
    settings = [
        [type(module).__name__ for module in model],
        getattr(model, "max_seq_length", None),
        getattr(model, "default_prompt_name", None),
        getattr(model, "prompts", None),
        getattr(model, "truncate_dim", None),
        _vocabulary(model),
    ]
    digest.update(json.dumps(settings, default=str).encode())
    for name, tensor in model.state_dict().items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _vocabulary(model: SentenceTransformer) -> str:
    tokenizer = getattr(model, "tokenizer", None)
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    serialise = getattr(backend, "to_str", None)
    return str(serialise()) if serialise is not None else type(tokenizer).__name__

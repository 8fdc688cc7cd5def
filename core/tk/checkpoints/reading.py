"""Read the tensors of a checkpoint: safetensors, or a .pth that holds nothing but tensors."""

import json
import logging
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tk.errors import InputError, NotFoundError

logger = logging.getLogger(__name__)

PARTS = (
    *("params_ema", "state_dict_ema", "model_ema", "ema_state_dict"),
    *("state_dict", "model_state_dict", "model_state", "model", "params", "net", "network"),
    *("module", "weights"),
)
"""Keys under which trainers keep a model's tensors, averaged weights first."""

_WRAPPERS = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name; never a model's own."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes:
        path: The file, for messages.
        tensors: By name, on the CPU, without the wrappers' prefixes.
        config: ``config.json`` of whatever saved it; empty where there is none.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    config: Mapping[str, Any] = field(default_factory=dict)


def read_checkpoint(path: Path, *, part: str = "") -> Checkpoint:
    """Read a file, or the ``*.safetensors`` and ``config.json`` of a folder.

    Args:
        path: Ends in ``.safetensors``, or is what `torch.save` wrote.
        part: Which of several sets of tensors in the file; dots lead deeper.

    Raises:
        InputError: It is not there, truncated, or holds more than tensors and plain values.
        NotFoundError: It has no such part.
    """
    if not path.exists():
        raise InputError(f"{path} is not there; give a .safetensors or .pth file, or a folder")
    if path.is_dir():
        return _read_folder(path)
    if path.suffix == ".safetensors":
        tensors, metadata = _read_safetensors(path)
        return Checkpoint(path, _unwrapped(tensors), _own_config(metadata) or _beside(path.parent))
    found = _part(path, _read_torch(path), part)
    return Checkpoint(path, _unwrapped(found), _beside(path.parent))


def _read_folder(folder: Path) -> Checkpoint:
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        raise InputError(f"{folder} has no *.safetensors; name the checkpoint file itself")
    tensors: dict[str, Tensor] = {}
    config: Mapping[str, Any] = {}
    for path in paths:  # the shards of one model
        part, metadata = _read_safetensors(path)
        tensors |= part
        config = config or _own_config(metadata)
    return Checkpoint(folder, _unwrapped(tensors), config or _beside(folder))


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (SafetensorError, OSError) as e:
        raise InputError(
            f"{path} is no whole safetensors file: {e}; it may be truncated: fetch it again"
        ) from e


def _read_torch(path: Path) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols; what matters is an error
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as e:
        reason = str(e).partition("\n")[0]
        raise InputError(
            f"{path} is truncated or holds more than tensors, and is not opened because it "
            f"could run code ({reason}); save its state_dict() alone"
        ) from e
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as e:
        reason = str(e).partition("\n")[0] or type(e).__name__
        raise InputError(f"{path} cannot be read, it may be truncated: {reason}") from e


def _part(path: Path, found: object, part: str) -> dict[str, Tensor]:
    """Follow `part`, or the usual wrappers, down to the mapping that holds tensors."""
    for key in filter(None, part.split(".")):
        if not isinstance(found, Mapping) or key not in found:
            raise NotFoundError(f"{path}: part", part, _parts(found))
        found = found[key]
    while isinstance(found, Mapping) and not (tensors := _tensors(found)):
        inner = next((key for key in PARTS if isinstance(found.get(key), Mapping)), None)
        if inner is None:
            raise InputError(
                f"{path} holds no tensors at its top; say part= one of {_parts(found)}"
            )
        logger.info("%s: taking the tensors under %r of %s", path, inner, _parts(found))
        found = found[inner]
    if not isinstance(found, Mapping):
        raise InputError(f"{path} holds a {type(found).__name__}, not tensors by name")
    return tensors


def _tensors(found: Mapping[str, object]) -> dict[str, Tensor]:
    return {str(name): item for name, item in found.items() if isinstance(item, Tensor)}


def _parts(found: object) -> list[str]:
    items = found.items() if isinstance(found, Mapping) else ()
    return [str(key) for key, item in items if isinstance(item, Mapping)]


def _unwrapped(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    while wrapper := next((w for w in _WRAPPERS if all(n.startswith(w) for n in tensors)), None):
        if not tensors:
            break
        tensors = {name.removeprefix(wrapper): tensor for name, tensor in tensors.items()}
    return tensors


def _own_config(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration that `tk.nn.Model.save_pretrained` wrote into the file itself."""
    return _parse(metadata["config"]) if "architecture" in metadata and "config" in metadata else {}


def _beside(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    return _parse(path.read_text("utf-8")) if path.is_file() else {}


def _parse(text: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except ValueError:
        return {}  # somebody else's file; the tensors say enough
    return config if isinstance(config, dict) else {}

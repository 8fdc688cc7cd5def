"""Model repositories that our models saved: found by library tag, pinned, safetensors only.

``save_pretrained`` of a `tk` model writes ``library_name: transformer-tk`` into its model card;
that is what is looked for. A folder laid out as ``ORG/NAME/{README.md,config.json,*.safetensors}``
does as well as the network; its commit is the hash of its files.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, ModelCard, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from tk import InputError, NotFoundError, OutputError, UsageError

LIBRARY = "transformer-tk"
PATTERNS = ("README.md", "config.json", "*.safetensors", "*.safetensors.index.json")
"""What is copied: weights that cannot run code, and what describes them."""
_MANY = 200


@dataclass(frozen=True)
class Weights:
    """A model repository.

    Attributes:
        name: ``ORG/NAME``.
        commit: What to pin; 40 hexadecimal digits.
        architecture: What its ``config.json`` calls it, where known.
    """

    name: str
    commit: str
    architecture: str = ""


def find_remote(words: str = "") -> list[Weights]:
    """Ask the Hugging Face Hub.

    Raises:
        InputError: It cannot be asked.
    """
    try:
        api = HfApi()
        listed = api.list_models(filter=[LIBRARY, "safetensors"], search=words or None, limit=_MANY)
        return [Weights(model.id, api.model_info(model.id).sha or "") for model in listed]
    except (HfHubHTTPError, OSError) as e:
        raise InputError(f"the Hugging Face Hub cannot be asked: {e} (--folder)") from e


def find_local(folder: Path, words: str = "") -> list[Weights]:
    """List the repositories in `folder` that carry our tag and safetensors.

    Raises:
        InputError: There is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder of ORG/NAME/model.safetensors")
    return list(_local(folder, words.lower()))


def fetch_weights(wanted: str, output: Path, *, folder: Path | None = None) -> Path:
    """Copy one repository at one commit.

    Args:
        wanted: ``ORG/NAME@COMMIT``; without a commit nothing is fetched.
        output: A folder that does not exist yet.
        folder: Where to copy from, instead of the network.

    Raises:
        UsageError: No commit is named.
        NotFoundError: There is no such repository at that commit.
        OutputError: `output` is there.
        InputError: A file is no safetensors file, or the Hub cannot be asked.
    """
    name, _, commit = wanted.partition("@")
    if not commit:
        raise UsageError(
            f"{wanted!r} names no commit; tk hub models shows what to pin: NAME@COMMIT"
        )
    if output.exists():
        raise OutputError(f"{output} is there already (--output)")
    part = output.with_name(f".{output.name}.part")
    part.mkdir(parents=True)
    try:
        if folder is None:
            _fetch_remote(name, commit, part)
        else:
            _copy_local(name, commit, folder, part)
        _check_weights(part)
        part.rename(output)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return output


def _local(folder: Path, words: str) -> Iterator[Weights]:
    for path in sorted(folder.glob("*/*/README.md")):
        name = path.parent.relative_to(folder).as_posix()
        is_ours = ModelCard.load(path).data.to_dict().get("library_name") == LIBRARY
        if is_ours and words in name.lower() and any(path.parent.glob("*.safetensors")):
            yield Weights(name, _commit(path.parent), _architecture(path.parent))


def _files(folder: Path) -> Sequence[Path]:
    return sorted({path for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file()})


def _commit(folder: Path) -> str:
    """Hash names and contents of the files that would be copied."""
    total = hashlib.sha256()
    for path in _files(folder):
        total.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:40]


def _architecture(folder: Path) -> str:
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        return str(config.get("architecture") or config.get("model_type") or "")
    except (OSError, ValueError, AttributeError):
        return ""


def _fetch_remote(name: str, commit: str, into: Path) -> None:
    try:
        snapshot_download(name, revision=commit, allow_patterns=list(PATTERNS), local_dir=into)
    except (HfHubHTTPError, OSError, ValueError) as e:
        raise InputError(f"{name}@{commit} cannot be fetched: {e}") from e
    shutil.rmtree(into / ".cache", ignore_errors=True)


def _copy_local(name: str, commit: str, folder: Path, into: Path) -> None:
    found = {f"{item.name}@{item.commit}": item for item in find_local(folder)}
    if f"{name}@{commit}" not in found:
        raise NotFoundError("model", f"{name}@{commit}", found, where="tk hub models --folder")
    for path in _files(folder / name):
        shutil.copyfile(path, into / path.name)


def _check_weights(folder: Path) -> None:
    """See that every weights file begins as safetensors do: a length, then a JSON header."""
    paths = list(folder.glob("*.safetensors"))
    if not paths:
        raise InputError("the repository has no safetensors; other formats can run code")
    for path in paths:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            is_sound = length <= min(path.stat().st_size - 8, 100_000_000)
            header = stream.read(length) if is_sound else b""
        if not header.startswith(b"{"):
            raise InputError(f"{path.name} is no safetensors file; it is refused")

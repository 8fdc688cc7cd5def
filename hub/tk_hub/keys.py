"""Signing keys as files: ``KEYS/<role>/<n>.pem``, Ed25519, readable by their owner only.

Copy the folders ``root`` and ``targets`` to media that lie in a drawer; ``snapshot`` and
``timestamp`` may stay on the machine that renews the hub.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Key, Signer

from tk import InputError
from tk_hub.files import write

ROLES = ("root", "targets", "snapshot", "timestamp")


def create_key(folder: Path, role: str) -> tuple[Key, Path]:
    """Make a key for `role` under `folder`; return its public half and its file."""
    numbers = [int(p.stem) for p in (folder / role).glob("*.pem") if p.stem.isdigit()]
    path = folder / role / f"{max(numbers, default=0) + 1}.pem"
    signer = CryptoSigner.generate_ed25519()
    write(path, signer.private_bytes, mode=0o600)
    return signer.public_key, path


def load_keys(folders: Iterable[Path]) -> Mapping[str, Signer]:
    """Read every key under `folders`, by key id.

    Raises:
        InputError: A folder is missing, or a file holds no key.
    """
    signers: dict[str, Signer] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder of keys (--keys)")
        for path in sorted(folder.rglob("*.pem")):
            try:
                signer = CryptoSigner(load_pem_private_key(path.read_bytes(), None))
            except (OSError, ValueError, TypeError) as e:
                raise InputError(f"{path} holds no private key that can be used: {e}") from e
            signers[signer.public_key.keyid] = signer
    return signers

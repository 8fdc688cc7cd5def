"""A hub's folder: signed metadata over one index, laid out so that any web server can serve it.

    metadata/  N.root.json  N.targets.json  N.snapshot.json  timestamp.json     (TUF)
    targets/   <sha256>.index.json  wheels/<sha256>/<file>.whl
    simple/  index.html  …                                              (unsigned conveniences)

Everything but ``timestamp.json`` has its version or hash in its name and is never changed, and
``timestamp.json`` is written last: a publication that is cut off leaves the hub as it was.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from tk import InputError, UsageError
from tk_hub.files import write
from tk_hub.keys import ROLES
from tk_hub.release import INDEX, Index

EXPIRY = {"root": 730, "targets": 365, "snapshot": 30, "timestamp": 30}
"""Days. The last two bound how long a client can be kept in the past; renewing needs no vault."""
_DAYS = "x-tk-expiry-days"

S = TypeVar("S", Root, Targets, Snapshot, Timestamp)


class Repository:
    """A hub's folder, and the keys that are at hand."""

    def __init__(self, folder: Path, signers: Mapping[str, Signer]) -> None:
        """Open `folder`; `signers` are by key id."""
        self.folder = folder
        self._metadata = folder / "metadata"
        self._signers = dict(signers)

    @classmethod
    def create(
        cls,
        folder: Path,
        signers: Mapping[str, Signer],
        keys: Mapping[str, list[Key]],
        thresholds: Mapping[str, int],
        *,
        days: Mapping[str, int] = EXPIRY,
    ) -> "Repository":
        """Begin an empty hub.

        Args:
            folder: Must not hold a hub yet.
            signers: By key id.
            keys: The public keys of each of `ROLES`.
            thresholds: How many of a role's keys must sign; 1 where not given.
            days: How long each role's signatures hold.

        Raises:
            UsageError: There is a hub already, or a threshold cannot be met.
        """
        self = cls(folder, signers)
        if self._metadata.exists():
            raise UsageError(f"{folder} holds a hub already")
        root, targets, snapshot, timestamp = Root(), Targets(), Snapshot(), Timestamp()
        for role in ROLES:
            for key in keys[role]:
                root.add_key(key, role)
            root.roles[role].threshold = thresholds.get(role, 1)
        parts: tuple[Signed, ...] = (root, targets, snapshot, timestamp)
        for part in parts:
            part.unrecognized_fields[_DAYS] = days[part.type]
        targets.targets = {INDEX: self._store_index(Index({}))}
        signed_root = self._sign(Metadata(root), root)
        self._write([signed_root, *self._chain(root, targets, snapshot, timestamp)])
        return self

    @property
    def fingerprint(self) -> str:
        """What users compare before they trust the hub: the SHA-256 of its first root."""
        hashes = MetaFile.from_data(1, (self._metadata / "1.root.json").read_bytes(), ["sha256"])
        return (hashes.hashes or {})["sha256"]

    def root(self) -> Root:
        """Return the newest root."""
        versions = [int(p.name.partition(".")[0]) for p in self._metadata.glob("*.root.json")]
        if not versions:
            raise InputError(f"{self.folder} holds no hub (tk hub init)")
        return self._read(f"{max(versions)}.root.json", Root)

    def index(self) -> Index:
        """Return what is published."""
        target = self._targets().targets[INDEX]
        path = self.folder / "targets" / target.get_prefixed_paths()[0]
        return Index.from_bytes(path.read_bytes())

    def publish(self, index: Index) -> None:
        """Sign `index` as the hub's contents; its wheels must lie in place.

        Raises:
            UsageError: Too few keys are at hand.
        """
        targets = self._targets()
        targets.version += 1
        targets.targets = {INDEX: self._store_index(index)}
        self._write(self._renewed(self.root(), targets))

    def renew(self) -> None:
        """Sign anew what is published, with the online keys only."""
        self._write(self._renewed(self.root()))

    def rotate(self, role: str, new: Key, old: str) -> None:
        """Replace the key with id `old` of `role` by `new`, and sign anew what it signed.

        Raises:
            UsageError: Too few keys are at hand: the old root's and the new one's are needed.
        """
        before, root = self.root(), self.root()
        root.add_key(new, role)
        root.revoke_key(old, role)
        root.version += 1
        targets = self._targets() if role == "targets" else None
        if targets is not None:
            targets.version += 1
        *chain, timestamp = self._renewed(root, targets)
        self._write([*chain, self._sign(Metadata(root), before, root), timestamp])

    def _renewed(self, root: Root, targets: Targets | None = None) -> list[tuple[str, bytes]]:
        timestamp, snapshot = self._read("timestamp.json", Timestamp), self._snapshot()
        snapshot.version += 1
        timestamp.version += 1
        return self._chain(root, targets, snapshot, timestamp)

    def _chain(
        self, root: Root, targets: Targets | None, snapshot: Snapshot, timestamp: Timestamp
    ) -> list[tuple[str, bytes]]:
        """Sign each role and name it, with its hash, in the next; the timestamp is the last."""
        signed = []
        if targets is not None:
            signed.append(self._sign(Metadata(targets), root))
            snapshot.meta["targets.json"] = _meta(targets.version, signed[-1][1])
        signed.append(self._sign(Metadata(snapshot), root))
        timestamp.snapshot_meta = _meta(snapshot.version, signed[-1][1])
        return [*signed, self._sign(Metadata(timestamp), root)]

    def _sign(self, metadata: Metadata[S], *roots: Root) -> tuple[str, bytes]:
        """Sign with all keys at hand that `roots` know for the role; return name and content."""
        signed = metadata.signed
        days = int(signed.unrecognized_fields.get(_DAYS, EXPIRY[signed.type]))
        signed.expires = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
        for keyid in {keyid for root in roots for keyid in root.roles[signed.type].keyids}:
            if keyid in self._signers:
                metadata.sign(self._signers[keyid], append=True)
        for root in roots:
            try:
                root.verify_delegate(signed.type, metadata.signed_bytes, metadata.signatures)
            except RepositoryError as e:
                needed = root.roles[signed.type].threshold
                have = len(set(root.roles[signed.type].keyids) & set(self._signers))
                message = f"{signed.type} needs {needed} signatures, {have} of its keys are at hand"
                raise UsageError(f"{message} (--keys, once per folder)") from e
        prefix = "" if signed.type == "timestamp" else f"{signed.version}."
        return f"{prefix}{signed.type}.json", metadata.to_bytes()

    def _write(self, files: list[tuple[str, bytes]]) -> None:
        """Write in order; the timestamp comes last."""
        for name, data in files:
            write(self._metadata / name, data)

    def _store_index(self, index: Index) -> TargetFile:
        data = index.to_bytes()
        target = TargetFile.from_data(INDEX, data, ["sha256"])
        write(self.folder / "targets" / target.get_prefixed_paths()[0], data)
        return target

    def _snapshot(self) -> Snapshot:
        version = self._read("timestamp.json", Timestamp).snapshot_meta.version
        return self._read(f"{version}.snapshot.json", Snapshot)

    def _targets(self) -> Targets:
        version = self._snapshot().meta["targets.json"].version
        return self._read(f"{version}.targets.json", Targets)

    def _read(self, name: str, kind: type[S]) -> S:
        try:
            signed = Metadata.from_file(str(self._metadata / name)).signed
        except Exception as e:  # python-tuf raises many kinds for a file that is not metadata
            raise InputError(f"{self.folder} holds no sound hub: {name}: {e}") from e
        if not isinstance(signed, kind):
            raise InputError(f"{self._metadata / name} is no {kind.type} metadata")
        return signed


def _meta(version: int, data: bytes) -> MetaFile:
    return MetaFile.from_data(version, data, ["sha256"])

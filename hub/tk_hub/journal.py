"""Change many files of an environment as if at once: all of them, or, after whatever, none.

The new files are ready in a folder beside; a change is renames only. First a journal is written
that says which files come, which go and which folders are new. Files that go are moved into
``backup``; files that come are moved in. Removing the journal is the moment from which the change
holds. `recover` undoes a change whose journal is still there; it may itself be cut off.
"""

import shutil
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from tk import OutputError
from tk_hub.files import read_json, write_json


class Change:
    """A change of the files under `prefix`, prepared and recorded in `state`."""

    def __init__(self, prefix: Path, state: Path) -> None:
        """Name the folders; both must lie on one disk, so that moving is renaming."""
        self._prefix = prefix
        self._journal = state / "journal.json"
        self._backup = state / "backup"
        self.staging = state / "staging"

    def begin(self) -> None:
        """Make an empty folder for the new files."""
        self.recover()
        self.staging.mkdir(parents=True)

    def commit(
        self, gone: Iterable[str], report: Callable[[str], None] = lambda step: None
    ) -> None:
        """Move the staged files in and the files `gone` out.

        Args:
            gone: Paths relative to the prefix; those that are not there are passed over.
            report: Is told each step before it is taken.

        Raises:
            OutputError: A new file would replace one that is not in `gone`.
        """
        come = sorted(str(p.relative_to(self.staging)) for p in _files(self.staging))
        go = sorted({path for path in gone if _is_there(self._prefix / path)})
        taken = [path for path in sorted(set(come) - set(go)) if _is_there(self._prefix / path)]
        if taken:
            raise OutputError(f"{self._prefix / taken[0]} is there and belongs to something else")
        folders = sorted(self._new_folders(come))
        report("writing the journal")
        write_json(self._journal, {"come": come, "go": go, "folders": folders})
        report("moving the old files out")
        for path in go:
            _move(self._prefix / path, self._backup / path)
        report("moving the new files in")
        for path in come:
            _move(self.staging / path, self._prefix / path)
        self._remove_empty(go)
        report("closing the journal")
        self._journal.unlink()
        report("tidying up")
        self._tidy()

    def recover(self) -> bool:
        """Undo a change that was cut off; tell whether there was one."""
        journal = read_json(self._journal)
        if journal:
            kept = set(journal["go"])
            for path in journal["come"]:
                if path not in kept:
                    (self._prefix / path).unlink(missing_ok=True)
            for folder in journal["folders"]:
                shutil.rmtree(self._prefix / folder, ignore_errors=True)
            for path in journal["go"]:
                if _is_there(self._backup / path):
                    _move(self._backup / path, self._prefix / path)
            self._journal.unlink()
        self._tidy()
        return bool(journal)

    def _tidy(self) -> None:
        for part in self._journal.parent.glob(".*.part"):
            part.unlink()
        for folder in (self.staging, self._backup):
            if folder.exists():
                shutil.rmtree(folder)

    def _new_folders(self, paths: Collection[str]) -> set[str]:
        """Name the topmost folders that do not exist yet."""
        found = set()
        for path in paths:
            parents = [p for p in Path(path).parents if not (self._prefix / p).is_dir()]
            found |= {str(parents[-1])} if parents else set()
        return found

    def _remove_empty(self, paths: Iterable[str]) -> None:
        """Remove folders that the change has emptied."""
        parents = {parent for path in paths for parent in (self._prefix / path).parents}
        for folder in sorted(parents, key=lambda p: len(p.parts), reverse=True):
            is_inside = folder != self._prefix and folder.is_relative_to(self._prefix)
            if is_inside and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)

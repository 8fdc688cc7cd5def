"""Time searching and installing with a hub of 10,000 plugins.

Run ``python benchmarks/hub/large_index.py``. Everything is local: the hub is served on the loopback
address, its index is signed and verified as any. One plugin has a wheel; the others are entries of
the index. As a yardstick the same entries are put into TUF's own list of targets, which is how a
hub without an index file would have to do it.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tuf.api.metadata import Metadata, TargetFile, Targets

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from hubs import Lab, make_environment, make_wheel, serving

from tk_hub.keys import load_keys
from tk_hub.pages import write_pages
from tk_hub.release import Index
from tk_hub.repository import Repository


def main() -> None:
    """Print the size of the index and the seconds that each step takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plugins", type=int, default=10_000)
    count = parser.parse_args().plugins
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lab = Lab.create(folder)
        lab.publish(make_wheel(folder))
        index = fill(lab, count)
        print(f"plugins {len(index)}, index {len(index.to_bytes()) / 2**20:.1f} MiB")
        say(timed(lambda: lab.publish(make_wheel(folder, version="1.1"))), "publish one more")
        environment = make_environment(folder / "env")
        os.environ["TK_HUB_HOME"] = str(folder / "home")
        with serving(lab.folder) as url:
            fingerprint = Repository(lab.folder, {}).fingerprint
            for words in (
                ["add", "lab", url, "--fingerprint", fingerprint],
                ["search", "zoo", "says"],
                ["search", "zoo", "says", "--offline"],
                ["install", "tk-zoo", "--yes"],
                ["verify"],
                ["uninstall", "tk-zoo", "--yes"],
            ):
                command = [str(environment.python), "-m", "tk_cli", "hub", *words]
                seconds = timed(lambda command=command: run(command))
                say(seconds, f"tk hub {' '.join(words[:4])}")
        yardstick(index)


def fill(lab: Lab, count: int) -> Index:
    """Sign an index of `count` plugins, of which one is real."""
    hub = Repository(lab.folder, load_keys([lab.keys]))
    (real,) = hub.index().releases("tk-zoo")
    entries = {"tk-zoo": [vars(real)]}
    for number in range(count - 1):
        word = hashlib.sha256(str(number).encode()).hexdigest()[:12]
        name, file = f"tk-{word}", f"tk_{word}-1.0-py3-none-any.whl"
        summary = f"What {word} does for tables of people, in one line of usual length"
        entries[name] = [{**vars(real), "name": name, "file": file, "summary": summary}]
    index = Index(entries)
    hub.publish(index)
    write_pages(lab.folder, index, changed="tk-zoo")
    return index


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def say(seconds: float, what: str) -> None:
    print(f"{seconds:6.2f} s  {what}")


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def yardstick(index: Index) -> None:
    """Print what parsing and checking cost where every wheel is a target of its own."""
    targets = Targets(expires=datetime.now(UTC) + timedelta(days=1))
    for name in index:
        (release, *_) = index.releases(name)
        custom = {"custom": {k: v for k, v in vars(release).items() if k != "sha256"}}
        hashes = {"sha256": release.sha256}
        targets.targets[name] = TargetFile(release.length, hashes, release.target, custom)
    data = Metadata(targets).to_bytes()
    seconds = timed(lambda: Metadata.from_bytes(data).signed_bytes)
    say(seconds, "the same entries as TUF targets: read and canonicalise")
    say(timed(lambda: Index.from_bytes(index.to_bytes())), "as one index file: write and read")


if __name__ == "__main__":
    main()

"""Wheels, hubs and environments for the tests of the hub; everything is real and small."""

import base64
import hashlib
import site
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tk_hub.environment import Environment
from tk_hub.files import sha256, write
from tk_hub.home import Home, Hub
from tk_hub.installing import Setting
from tk_hub.keys import load_keys
from tk_hub.publishing import create_hub, publish
from tk_hub.release import Index
from tk_hub.repository import Repository
from tk_hub.serving import make_server
from tk_hub.trust import fetch_root

METADATA = """Metadata-Version: 2.4
Name: {name}
Version: {version}
License-Expression: MIT
Project-URL: Source, https://example.org/{name}
Requires-Python: >=3.11
Requires-Dist: transformer-tk>=0.1
"""
MANIFEST = """api = 1
summary = "Say what {name} says"
[commands.{command}]
target = "{package}.cli:say"
help = "Say it."
example = "tk {command}"
"""


def make_wheel(
    folder: Path,
    name: str = "tk-zoo",
    version: str = "1.0",
    *,
    files: dict[str, str] | None = None,
    requires: tuple[str, ...] = (),
    metadata: str = METADATA,
    manifest: str = MANIFEST,
    entry_points: str = "[tk.plugins]\n{command} = {package}\n",
    is_plugin: bool = True,
) -> Path:
    """Write a wheel; `files` are added or, where None, left out."""
    package, command = name.replace("-", "_"), name.removeprefix("tk-")
    words = {"name": name, "version": version, "package": package, "command": command}
    info = f"{package}-{version}.dist-info"
    lines = metadata.format(**words) + "".join(f"Requires-Dist: {line}\n" for line in requires)
    contents = {
        f"{package}/__init__.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": lines,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if is_plugin:
        contents[f"{package}/cli.py"] = f"def say():\n    print('{name} {version}')\n"
        contents[f"{package}/plugin.toml"] = manifest.format(**words)
        contents[f"{info}/entry_points.txt"] = entry_points.format(**words)
    contents |= files or {}
    contents = {path: text for path, text in contents.items() if text is not None}
    record = "".join(f"{path},{_hash(text)},{len(text)}\n" for path, text in contents.items())
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in contents.items():
            archive.writestr(member, text)
    return path


def _hash(text: str) -> str:
    value = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={value.rstrip(b'=').decode()}"


def make_environment(folder: Path) -> Environment:
    """Make a fresh venv that sees this one's packages, so that torch is not installed again."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    lines = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (packages / "outer.pth").write_text("\n".join(lines))
    return environment_at(folder)


def environment_at(folder: Path) -> Environment:
    """Name the places of a venv."""
    (packages,) = folder.glob("lib/python*/site-packages")
    return Environment(folder / "bin" / "python", folder, packages, (str(packages), *sys.path))


def state_of(environment: Environment) -> dict[str, str]:
    """Hash every file of the environment but the lock that says it is in use."""
    return {
        str(path.relative_to(environment.prefix)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in environment.prefix.rglob("*")
        if path.is_file() and path.name != "busy" and path.suffix != ".pyc"
    }


@dataclass(frozen=True)
class Lab:
    """A hub with its keys, as its owner has it."""

    folder: Path
    keys: Path

    @classmethod
    def create(cls, folder: Path, **days: int) -> "Lab":
        lab = cls(folder / "hub", folder / "keys")
        counts, thresholds = {"root": 3, "targets": 2}, {"root": 2, "targets": 2}
        create_hub(lab.folder, lab.keys, counts=counts, thresholds=thresholds, days=days)
        return lab

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def publish(self, wheel: Path):
        return publish(self.folder, [self.keys], wheel)

    def sign(self, wheel: Path, **fields: object) -> None:
        """Publish as a hub does that checks nothing; `fields` replace those of the index."""
        described = {
            "name": "tk-zoo",
            "version": "1.0",
            "file": wheel.name,
            "sha256": sha256(wheel),
            "length": wheel.stat().st_size,
            "api": 1,
            "python": ">=3.11",
            "requires": [],
            "summary": "",
            "licence": "MIT",
            "source": "",
            "permissions": [],
            "offers": {},
            **fields,
        }
        write(self.folder / "targets" / "wheels" / sha256(wheel) / wheel.name, wheel.read_bytes())
        hub = Repository(self.folder, load_keys([self.keys]))
        plugins = {name: [vars(r) for r in hub.index().releases(name)] for name in hub.index()}
        name = str(described["name"])
        hub.publish(Index({**plugins, name: [described, *plugins.get(name, [])]}))


def trust(home: Home, lab: Lab, name: str = "lab", url: str = "") -> Hub:
    """Add the hub to the user's, as `tk hub add` does."""
    root, fingerprint = fetch_root(url or lab.url)
    hub = Hub(name, url or lab.url, fingerprint)
    home.add(hub, root)
    return hub


@contextmanager
def serving(folder: Path):
    """Serve `folder` on the loopback address and yield the URL."""
    with make_server(folder, 0) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def setting(environment: Environment, home: Home, **options) -> Setting:
    return Setting(environment, home, **options)

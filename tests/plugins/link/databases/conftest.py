import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

PASSWORD = "s3:cr/et%@"


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL server, reached through a socket in a folder of its own."""

    folder: Path

    def url(self, what: str = "", *, password: str = PASSWORD, database: str = "postgres") -> str:
        user = f"tk:{quote(password, safe='')}" if password else "tk"
        base = f"postgresql://{user}@/{database}?host={self.folder}"
        return f"{base}::{what}" if what else base

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        import psycopg  # noqa: PLC0415 - only where there is a server

        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                found = connection.execute(statement)
            return found.fetchall() if found.description else []


def _binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the path."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def _unprivileged() -> str | None:
    """Return a user to run the server as, which refuses to run as root; None where we are none."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start a PostgreSQL server of our own; its tests are skipped where none is installed."""
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    programs = _binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="tkpg-", dir="/tmp"))  # a socket's path must be short
    user = _unprivileged()
    if user is not None:
        shutil.chown(folder, user)

    def call(program: str, *words: str) -> None:
        line = [str(programs / program), "-D", str(folder / "data"), *words]
        subprocess.run(line, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if user is not None:
            shutil.chown(secret, user)
        call("initdb", "-U", "tk", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync",
             "-E", "UTF8", "--locale=C")  # fmt: skip
        call("pg_ctl", "-w", "-l", str(folder / "log"), "start", "-o",
             f"-k {folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB")  # fmt: skip
        yield Server(folder)
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            call("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

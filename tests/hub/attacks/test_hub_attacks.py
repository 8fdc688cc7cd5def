"""Somebody between the hub and the user, or on the hub's server, without the keys."""

import re
import shutil
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hubs import Lab, make_wheel, serving, state_of, trust
from packaging.requirements import Requirement
from tuf.api.metadata import Metadata, MetaFile

from tk import InputError, UsageError
from tk_hub import fetching
from tk_hub.home import Hub
from tk_hub.installing import install
from tk_hub.keys import load_keys
from tk_hub.publishing import publish
from tk_hub.release import Index
from tk_hub.repository import Repository
from tk_hub.trust import open_hub

ZOO = Requirement("tk-zoo")


@pytest.fixture
def zoo(lab, tmp_path):
    """The hub with one plugin."""
    lab.publish(make_wheel(tmp_path))
    return lab


def metadata(lab, role):
    """Return the newest file of a role."""
    return max(
        (lab.folder / "metadata").glob(f"*{role}.json"), key=lambda path: path.stat().st_mtime_ns
    )


def resign(lab, role, signers, edit=lambda signed: None):
    """Change a role's newest metadata and sign it with what the attacker has."""
    path = metadata(lab, role)
    changed = Metadata.from_file(str(path))
    edit(changed.signed)
    changed.signatures.clear()
    for signer in signers:
        changed.sign(signer, append=True)
    changed.to_file(str(path))
    return MetaFile.from_data(changed.signed.version, path.read_bytes(), ["sha256"])


def relink(lab, targets):
    """Sign snapshot and timestamp for changed targets, with the keys stolen from the server."""
    stolen = {
        role: list(load_keys([lab.keys / role]).values()) for role in ("snapshot", "timestamp")
    }

    def link(name, meta):
        return lambda signed: setattr(signed, name, meta)

    snapshot = resign(lab, "snapshot", stolen["snapshot"], link("meta", {"targets.json": targets}))
    resign(lab, "timestamp", stolen["timestamp"], link("snapshot_meta", snapshot))


def test_a_changed_byte_of_a_wheel(zoo, at_lab):
    (path,) = zoo.folder.glob("targets/wheels/*/*.whl")
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    before = state_of(at_lab.environment)
    with pytest.raises(InputError, match="a file is not the one that was signed"):
        install([ZOO], at_lab)
    assert state_of(at_lab.environment) == before
    assert not list(at_lab.home.wheels.rglob("*.whl"))


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_changed_metadata(zoo, home, role):
    path = metadata(zoo, role)
    data = path.read_bytes()
    path.write_bytes(re.sub(rb'("expires": ?")2', rb"\g<1>3", data))
    assert path.read_bytes() != data
    with pytest.raises(InputError, match=r"too few signatures|not the one that was signed"):
        open_hub(home, trust(home, zoo))


def test_a_changed_index(zoo, home):
    (path,) = (p for p in zoo.folder.glob("targets/*.index.json") if b"tk-zoo" in p.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"tk-zoo", b"tk-boo"))
    with pytest.raises(InputError, match="not the one that was signed"):
        open_hub(home, trust(home, zoo))


def test_a_hub_signed_with_foreign_keys(zoo, home, tmp_path):
    hub = trust(home, zoo)
    foreign = Lab.create(tmp_path / "foreign")
    shutil.rmtree(zoo.folder)
    shutil.copytree(foreign.folder, zoo.folder)
    with pytest.raises(InputError, match="too few signatures by keys that you trust"):
        open_hub(home, hub)


def test_a_new_root_signed_with_foreign_keys(zoo, home, tmp_path):
    hub = trust(home, zoo)
    foreign = Lab.create(tmp_path / "foreign")
    root = Metadata.from_file(str(metadata(foreign, "root")))
    root.signed.version = 2
    root.signatures.clear()
    for signer in load_keys([foreign.keys / "root"]).values():
        root.sign(signer, append=True)
    root.to_file(str(zoo.folder / "metadata" / "2.root.json"))
    with pytest.raises(InputError, match="too few signatures by keys that you trust"):
        open_hub(home, hub)


def test_a_fingerprint_that_is_not_the_roots(zoo, home):
    hub = trust(home, zoo)
    home.root(hub).write_bytes(home.root(hub).read_bytes() + b" ")
    with pytest.raises(InputError, match="kept root of hub 'lab' was changed"):
        open_hub(home, hub)


def test_too_few_signatures_cannot_be_published(lab, tmp_path):
    (lab.keys / "targets" / "2.pem").unlink()
    with pytest.raises(UsageError, match="targets needs 2 signatures, 1 of its keys are at hand"):
        lab.publish(make_wheel(tmp_path))
    assert len(Repository(lab.folder, {}).index()) == 0
    assert not list(lab.folder.glob("targets/wheels/*/*"))


def test_too_few_signatures_are_refused_although_the_online_keys_are_stolen(zoo, home):
    one = list(load_keys([zoo.keys / "targets"]).values())[:1]
    relink(zoo, resign(zoo, "targets", one))
    with pytest.raises(InputError, match="too few signatures by keys that you trust"):
        open_hub(home, trust(home, zoo))


def test_a_rollback_to_an_older_hub(zoo, home, tmp_path):
    hub = trust(home, zoo)
    shutil.copytree(zoo.folder, tmp_path / "old")
    zoo.publish(make_wheel(tmp_path, version="2.0"))
    assert open_hub(home, hub).index.releases("tk-zoo")[0].version == "2.0"
    shutil.rmtree(zoo.folder)
    (tmp_path / "old").rename(zoo.folder)
    with pytest.raises(InputError, match="older than what you have seen"):
        open_hub(home, hub)


def test_a_rollback_after_removing_and_adding_the_hub_again(zoo, home, tmp_path):
    hub = trust(home, zoo)
    shutil.copytree(zoo.folder, tmp_path / "old")
    zoo.publish(make_wheel(tmp_path, version="2.0"))
    open_hub(home, hub)
    home.remove("lab")
    shutil.rmtree(zoo.folder)
    (tmp_path / "old").rename(zoo.folder)
    with pytest.raises(InputError, match="older than what you have seen"):
        open_hub(home, trust(home, zoo))


@pytest.mark.parametrize("is_offline", [False, True])
def test_a_frozen_hub_whose_signatures_have_expired(zoo, home, is_offline):
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    resign(
        zoo,
        "timestamp",
        load_keys([zoo.keys / "timestamp"]).values(),
        lambda signed: setattr(signed, "expires", soon),
    )
    hub = trust(home, zoo)
    open_hub(home, hub)
    time.sleep(max((soon - datetime.now(UTC)).total_seconds(), 0) + 0.1)
    with pytest.raises(InputError, match="its signatures have expired"):
        open_hub(home, hub, is_offline=is_offline)


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_versions_that_were_never_together(zoo, home, tmp_path, role):
    old = metadata(zoo, role).read_bytes()
    zoo.publish(make_wheel(tmp_path, version="2.0"))
    metadata(zoo, role).write_bytes(old)
    with pytest.raises(InputError, match=r"not the one that was signed|mixes versions"):
        open_hub(home, trust(home, zoo))


def test_versions_that_were_never_together_although_the_online_keys_are_stolen(zoo, home, tmp_path):
    hub = trust(home, zoo)
    old = metadata(zoo, "targets")
    meta = MetaFile.from_data(2, old.read_bytes(), ["sha256"])
    zoo.publish(make_wheel(tmp_path, version="2.0"))
    open_hub(home, hub)
    relink(zoo, meta)
    Repository(zoo.folder, load_keys([zoo.keys])).renew()
    with pytest.raises(InputError, match="older than what you have seen"):
        open_hub(home, hub)


@contextmanager
def answering(do_get):
    """Serve whatever `do_get` answers, on the loopback address."""
    handler = type("Handler", (BaseHTTPRequestHandler,), {"do_GET": do_get, "log_message": quiet})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def quiet(self, format, *args):
    pass


@pytest.mark.parametrize("wanted", ["2.root.json", "timestamp.json", "index.json", ".whl"])
def test_endless_data(zoo, at_lab, wanted):
    sent = []

    def endless(self):
        if not self.path.endswith(wanted):
            path = zoo.folder / self.path.lstrip("/")
            self.send_response(200 if path.is_file() else 404)
            self.end_headers()
            self.wfile.write(path.read_bytes() if path.is_file() else b"")
            return
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * 2**16)
                sent.append(2**16)
        except OSError:
            pass

    with answering(endless) as url:
        at_lab.home.remove("lab")
        at_lab.home.add(Hub("lab", url, trusted(zoo)), root(zoo))
        with pytest.raises(InputError, match="a file is larger than signed"):
            install([ZOO], at_lab)
    assert sum(sent) < 16 * 2**20


def test_a_server_that_drips(zoo, home, monkeypatch):
    monkeypatch.setattr(fetching, "_SILENCE", 0.3)

    def drip(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" ")
                time.sleep(0.02)
        except OSError:
            pass

    with answering(drip) as url:
        hub = Hub("lab", url, trusted(zoo))
        home.add(hub, root(zoo))
        with pytest.raises(InputError, match="takes too long"):
            open_hub(home, hub)


def test_a_redirect_to_another_host(zoo, home):
    with serving(zoo.folder) as elsewhere:

        def redirect(self):
            self.send_response(302)
            self.send_header("Location", elsewhere.replace("127.0.0.1", "localhost") + self.path)
            self.end_headers()

        with answering(redirect) as url:
            hub = Hub("lab", url, trusted(zoo))
            home.add(hub, root(zoo))
            with pytest.raises(InputError, match="redirects are not followed"):
                open_hub(home, hub)


def test_a_publication_that_is_cut_off_before_the_timestamp_leaves_the_hub_as_it_was(
    zoo, home, tmp_path
):
    timestamp = (zoo.folder / "metadata" / "timestamp.json").read_bytes()
    zoo.publish(make_wheel(tmp_path, version="2.0"))
    (zoo.folder / "metadata" / "timestamp.json").write_bytes(timestamp)
    opened = open_hub(home, trust(home, zoo))
    assert [release.version for release in opened.index.releases("tk-zoo")] == ["1.0"]
    publish(zoo.folder, [zoo.keys], make_wheel(tmp_path, version="3.0"))
    assert len(open_hub(home, opened.hub).index.releases("tk-zoo")) == 2


def trusted(lab):
    return Repository(lab.folder, {}).fingerprint


def root(lab):
    return (lab.folder / "metadata" / "1.root.json").read_bytes()


def test_the_index_of_an_empty_hub_is_empty(lab, home):
    assert list(open_hub(home, trust(home, lab)).index) == list(Index({}))

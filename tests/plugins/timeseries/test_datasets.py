"""ETT is fetched once, whole and as published, or says what to do."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tk import InputError, NotFoundError
from tk_cli.main import main
from tk_timeseries import datasets
from tk_timeseries.datasets import Published, ett

ROWS = [f"2016-07-{1 + i // 24:02} {i % 24:02}:00:00,{i % 24},{i % 7}" for i in range(480)]
CONTENT = "\n".join(["date,HUFL,OT", *ROWS]).encode()


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve a small stand-in for ETTh1 from this machine."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "ETTh1.csv").write_bytes(CONTENT)
    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=tmp_path / "web"))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    monkeypatch.setitem(datasets.ETT, "ETTh1", Published(len(CONTENT), digest))
    monkeypatch.setattr(datasets, "ADDRESS", f"http://127.0.0.1:{web.server_port}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "web"
    web.shutdown()
    web.server_close()


def test_a_data_set_is_fetched_once_and_fetched_again_where_it_is_damaged(server):
    path = ett("ETTh1")
    assert path.read_bytes() == CONTENT
    (server / "ETTh1.csv").rename(server / "gone.csv")
    assert ett("ETTh1", offline=True) == path
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match=r"cannot be fetched.*File not found.*put it at"):
        ett("ETTh1")
    (server / "gone.csv").rename(server / "ETTh1.csv")
    assert ett("ETTh1").read_bytes() == CONTENT


@pytest.mark.parametrize("sent", [CONTENT[:-1] + b"9", CONTENT[:90], CONTENT + b"\n1"])
def test_what_is_not_as_published_is_refused_and_not_kept(server, sent, tmp_path):
    (server / "ETTh1.csv").write_bytes(sent)
    with pytest.raises(InputError, match=r"not ETTh1 as published.*nothing was kept"):
        ett("ETTh1")
    assert not list((tmp_path / "cache").rglob("*.*"))


def test_without_a_network_it_says_what_to_do(server, monkeypatch):
    with pytest.raises(InputError, match=r"--offline forbids.*fetch http.*ETTh1\.csv.*put it at"):
        ett("ETTh1", offline=True)
    monkeypatch.setattr(datasets, "ADDRESS", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"ETTh1 cannot be fetched.*put it at"):
        ett("ETTh1")


def test_a_local_folder_is_checked_and_never_written_to(server, tmp_path):
    assert ett("ETTh1", folder=server) == server / "ETTh1.csv"
    with pytest.raises(InputError, match=r"holds no ETTm1\.csv"):
        ett("ETTm1", folder=server)
    (server / "ETTh1.csv").write_bytes(b"date,OT\n")
    with pytest.raises(InputError, match="is not ETTh1 as published"):
        ett("ETTh1", folder=server)
    assert not (tmp_path / "cache").exists()
    with pytest.raises(NotFoundError, match="did you mean 'ETTh"):
        ett("ETTh3")


@pytest.mark.usefixtures("server")
def test_commands_take_the_name_in_place_of_a_file(capsys):
    words = ["--horizon", "2", "--model", "seasonal-naive", "--compare", "none"]
    assert main(["forecast", "ETTh1", "--offline", *words]) == InputError.exit_code
    assert "--offline forbids" in capsys.readouterr().err
    assert main(["forecast", "ETTh1", *words]) == 0
    assert capsys.readouterr().out.startswith("series,date,forecast")
    assert main(["forecast", "ETTh1", "--offline", *words]) == 0


@pytest.mark.parametrize("name", ["ETTh1", "ETTh2"])
def test_the_checksums_are_those_of_the_files(name):
    folder = Path(__file__).parents[4] / "shared" / "data"
    if not (folder / name).is_dir():
        pytest.skip(f"{folder / name} is absent")
    assert ett(name, folder=folder).name == f"{name}.csv"

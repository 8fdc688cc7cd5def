import os
import stat
from pathlib import Path

import pytest

from tk.atomic import replacing
from tk.errors import OutputError


def test_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "o.csv"
    with replacing(path) as stream:
        stream.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["o.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_interruption_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "o.csv"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as stream:  # noqa: PT012 - the block is the test
        stream.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["o.csv"]


def test_mode_of_a_replaced_file_is_kept(tmp_path):
    path = tmp_path / "o.csv"
    path.touch(mode=0o640)
    with replacing(path):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").write_bytes(b"old")
    (tmp_path / "o.csv").symlink_to("real.csv")
    with replacing(tmp_path / "o.csv") as stream:
        stream.write(b"new")
    assert (tmp_path / "o.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"new"


def test_full_disk_is_an_output_error():
    path = Path("/dev/full")
    message = "/dev/full cannot be written: No space left on device"
    with pytest.raises(OutputError, match=message), replacing(path) as stream:
        stream.write(b"x" * 100_000)

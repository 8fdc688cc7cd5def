"""One classifier, trained once for all tests that use a trained one."""

import pytest
from drawings import TINY, save_drawings

from tk_cli.main import main


@pytest.fixture(scope="session")
def drawings(tmp_path_factory):
    """Return a folder with ``train`` and ``test`` folders of class folders."""
    folder = tmp_path_factory.mktemp("drawings")
    save_drawings(folder / "train", 24)
    save_drawings(folder / "test", 6, first=100)
    return folder


@pytest.fixture(scope="session")
def trained(drawings, tmp_path_factory):
    """Return the folder of a trained classifier."""
    output = tmp_path_factory.mktemp("trained") / "run"
    words = ["classify", "train", str(drawings), "-o", str(output), *TINY]
    assert main([*words, "--epochs", "12", "--batch-size", "16", "--learning-rate", "0.01"]) == 0
    return output


@pytest.fixture
def run(capsys):
    """Run a command; return its exit code, its output and its messages."""

    def call(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return call

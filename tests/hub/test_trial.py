import zipfile

import pytest
from hubs import MANIFEST, make_wheel

from tk import PluginError
from tk_hub.environment import Environment
from tk_hub.trial import try_plugins

EXTRAS = MANIFEST.replace("[commands", 'extras = ["more"]\n[commands')


@pytest.fixture
def load(tmp_path):
    """Unpack a wheel as it would be staged, and load its plugin."""

    def load(**options):
        with zipfile.ZipFile(make_wheel(tmp_path / "wheels", **options)) as archive:
            archive.extractall(tmp_path / "staged")
        try_plugins(Environment.current(), tmp_path / "staged", {"zoo": "tk_zoo"})

    return load


def test_a_sound_plugin_is_loaded_and_leaves_no_compiled_files(load, tmp_path):
    load()
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize("file", ["tk_zoo/__init__.py", "tk_zoo/cli.py"])
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('boo')", "RuntimeError: boo"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("import os; os._exit(0)", "the process ended with 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "the process ended with -11"),
        ("import no_such_library", "No module named 'no_such_library'"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_refused(load, file, code, said):
    with pytest.raises(PluginError, match="nothing was installed") as raised:
        load(files={file: code})
    assert said in raised.value.message


def test_a_library_of_an_extra_may_be_missing(load):
    load(files={"tk_zoo/cli.py": "import no_such_library"}, manifest=EXTRAS)


def test_a_hook_that_raises_is_refused(load):
    with pytest.raises(PluginError, match=r"hooks\.py failed"):
        load(files={"tk_zoo/hooks.py": "raise RuntimeError"})

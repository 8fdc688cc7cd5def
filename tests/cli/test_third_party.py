import json
import site
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugin-hello"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """Build the example's wheel and install it into a fresh environment, as a stranger would.

    The fresh environment sees this one's packages through a .pth file, so that torch is not
    installed again.
    """
    folder = tmp_path_factory.mktemp("hello")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    run([*build, str(EXAMPLE)])
    (wheel,) = folder.glob("tk_hello-*.whl")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")])
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    lines = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (packages / "outer.pth").write_text("\n".join(lines))
    install = ["-m", "pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check"]
    run([str(folder / "venv" / "bin" / "python"), *install, str(wheel)])
    return folder / "venv"


def run(words: list[str]) -> str:
    ended = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def tk(environment: Path, *words: str) -> str:
    return run([str(environment / "bin" / "python"), "-m", "tk_cli", *words])


def test_its_command_runs(environment):
    assert tk(environment, "hello", "Ada", "--times", "2") == "Hello, Ada!\n" * 2


def test_its_manifest_line_is_in_the_help(environment):
    assert "Greet somebody." in tk(environment, "--help")


def test_it_is_listed_with_its_distribution_and_version(environment):
    rows = json.loads(tk(environment, "plugins", "--json"))
    (row,) = [row for row in rows if row["name"] == "hello"]
    assert (row["distribution"], row["version"]) == ("tk-hello", "0.1.0")


def test_its_encoder_keeps_the_promises_of_encoders(environment):
    code = """
    from tk import Kind, discover
    from tk.testing import assert_encoder, assert_manifest
    assert_manifest("tk_hello")
    assert_encoder(discover().find(Kind.ENCODER, "letters").load()(), ["Ada", "Grace", "Edsger"])
    """
    lines = (line.strip() for line in code.splitlines())
    run([str(environment / "bin" / "python"), "-c", "\n".join(lines)])


def test_tk_plugins_can_leave_it_out(environment, monkeypatch):
    monkeypatch.setenv("TK_PLUGINS", "link")
    assert "hello" not in tk(environment, "plugins")

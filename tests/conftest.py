import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tk import Source

# A busy machine is slow and not wrong; and what passed here passes everywhere.
settings.register_profile("tk", deadline=None, derandomize=True)
settings.load_profile("tk")

EXAMPLES = Path(__file__).parents[1] / "examples"

MakePlugin = Callable[..., Source]


@pytest.fixture
def make_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePlugin:
    """Write a plugin's package into a folder on sys.path and return its source.

    The package's own code raises when it is imported unless `init` says otherwise, so that every
    test also shows that reading manifests runs no plugin code.
    """
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(
        name: str,
        manifest: str | None,
        *,
        package: str = "",
        init: str = "raise RuntimeError('imported')",
        **modules: str,
    ) -> Source:
        package = package or f"tk_{name}".replace("-", "_")
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").write_text(init)
        for module, code in modules.items():
            (folder / f"{module}.py").write_text(textwrap.dedent(code))
        if manifest is not None:
            (folder / "plugin.toml").write_text(textwrap.dedent(manifest))
        return Source(name, package, distribution=f"dist-{name}", version="2.3")

    yield make
    for module in set(sys.modules) - before:
        if module.startswith("tk_"):
            del sys.modules[module]


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], None]:
    """Install the package in a folder as pip would: its folder on sys.path, its entry point."""

    def install(name: str, package: Path) -> None:
        info = tmp_path / "site" / f"{package.name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[tk.plugins]\n{name} = {package.name}\n")
        monkeypatch.syspath_prepend(str(info.parent))
        monkeypatch.syspath_prepend(str(package.parent))

    return install


@pytest.fixture
def shapes(install_plugin: Callable[[str, Path], None]) -> None:
    """Install the example plugin that has a model and a task."""
    install_plugin("shapes", EXAMPLES / "plugin-shapes" / "tk_shapes")

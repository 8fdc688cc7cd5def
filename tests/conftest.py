import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tk import Source

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

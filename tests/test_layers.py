"""Imports point one way: core <- cli, core <- plugins, never between plugins."""

import ast
from pathlib import Path

import pytest
from layout import PACKAGES

FILES = [
    pytest.param(name, path, id=str(path.relative_to(folder.parent)))
    for name, folder in PACKAGES.items()
    for path in sorted(folder.rglob("*.py"))
]


def imports(path: Path) -> set[str]:
    """Name the top-level packages that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize(("package", "path"), FILES)
def test_no_import_crosses_layers(package, path):
    allowed = {"tk", package}
    assert (imports(path) & set(PACKAGES)) <= allowed


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_that_it_is_typed(package):
    assert (PACKAGES[package] / "py.typed").is_file()


@pytest.mark.parametrize(
    "path", [folder / "__init__.py" for folder in PACKAGES.values()], ids=list(PACKAGES)
)
def test_init_files_hold_imports_and_the_public_list_only(path):
    for node in ast.parse(path.read_text("utf-8")).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_list = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        assert is_docstring or is_import or is_list, ast.unparse(node)

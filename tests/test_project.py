"""The lists in pyproject.toml agree with the folders: adding a plugin is a folder and its name."""

import tomllib
from importlib.metadata import entry_points

import pytest
from layout import PACKAGES, PLUGINS, ROOT

from tk import Source, discover
from tk.testing import assert_manifest

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def relative(paths):
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def test_the_wheel_holds_every_package():
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(listed) == relative(PACKAGES.values())


def test_every_source_root_is_listed_for_editable_installs_and_for_mypy():
    roots = relative({path.parent for path in PACKAGES.values()})
    assert sorted(PROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"]) == roots
    assert sorted(PROJECT["tool"]["mypy"]["mypy_path"]) == roots
    assert sorted(PROJECT["tool"]["mypy"]["packages"]) == sorted(PACKAGES)


def test_every_plugin_has_its_entry_point():
    assert PROJECT["project"]["entry-points"]["tk.plugins"] == PLUGINS


def test_every_plugin_folder_has_a_manifest():
    for name, folder in PACKAGES.items():
        if name.startswith("tk_") and name != "tk_cli":
            assert (folder / "plugin.toml").is_file(), folder


def test_the_all_extra_takes_in_every_other():
    extras = PROJECT["project"]["optional-dependencies"]
    others = ",".join(sorted(set(extras) - {"all", "dev"}))
    assert extras["all"] == [f"transformer-tk[{others}]"]


def test_every_extra_that_a_manifest_names_exists():
    for manifest in discover().manifests.values():
        if manifest.source.distribution == "transformer-tk":
            assert set(manifest.extras) <= set(PROJECT["project"]["optional-dependencies"])


@pytest.mark.parametrize(("plugin", "package"), PLUGINS.items())
def test_every_manifest_is_complete_and_its_targets_resolve(plugin, package):
    assert_manifest(package, plugin=plugin)


def test_what_is_installed_is_this_tree():
    installed = {point.name: point.value for point in entry_points(group="tk.plugins")}
    assert PLUGINS.items() <= installed.items(), "pip install -r requirements-dev.txt"
    manifests = discover().manifests
    for name, package in PLUGINS.items():
        assert manifests[name].source == Source(
            name, package, "transformer-tk", PROJECT["project"]["version"]
        )
        assert manifests[name].folder.is_relative_to(ROOT)


def test_every_direct_dependency_is_pinned():
    pins = {
        line.partition("==")[0].strip().lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    groups = PROJECT["project"]["optional-dependencies"].values()
    for requirement in [*PROJECT["project"]["dependencies"], *(r for g in groups for r in g)]:
        name = requirement.partition(";")[0].partition(">=")[0].partition("[")[0].strip()
        assert name == "transformer-tk" or name.lower() in pins, requirement


@pytest.mark.parametrize(
    "command",
    [
        "pip install -r requirements.txt && "
        "tk link examples/firms/left.csv examples/firms/right.csv",
        "pip install -r requirements-dev.txt && scripts/test",
    ],
)
def test_ci_runs_the_commands_of_the_readme(command):
    assert command in (ROOT / ".ci" / "run").read_text("utf-8")
    assert command in (ROOT / "README.md").read_text("utf-8")

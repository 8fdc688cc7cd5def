"""A hub whose owner is careless or bought: everything is signed, and still refused."""

import json
import zipfile

import pytest
from hubs import MANIFEST, METADATA, Lab, make_wheel, state_of, trust
from packaging.requirements import Requirement

from tk import InputError, NotFoundError, PluginError, UsageError
from tk_hub.choosing import choose_all, parse
from tk_hub.doctor import diagnose
from tk_hub.files import sha256, write_json
from tk_hub.installing import install, open_hubs, upgrade
from tk_hub.pip import unpack
from tk_hub.publishing import yank
from tk_hub.uninstalling import uninstall

ZOO = Requirement("tk-zoo")
PLAIN = METADATA.partition("Requires-Dist")[0]


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels that stands for PyPI."""
    folder = tmp_path / "pypi"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def refused(at_lab):
    """Install and see that it is refused and that nothing changes."""

    def refused(match, wanted=ZOO, kind=InputError):
        before = state_of(at_lab.environment)
        with pytest.raises(kind, match=match):
            install([wanted], at_lab)
        assert state_of(at_lab.environment) == before

    return refused


@pytest.mark.parametrize("other", ["tk-zo0", "tk-zooo", "tk-zo", "tk-ozo"])
def test_an_index_that_lists_a_lookalike_name(lab, tmp_path, refused, other):
    lab.publish(make_wheel(tmp_path))
    lab.sign(make_wheel(tmp_path, other), name=other)
    refused(f"'tk-zoo' is easily mistaken for '{other}'")
    refused(f"'{other}' is easily mistaken for 'tk-zoo'", Requirement(other))


def test_a_lookalike_in_a_hub_that_is_trusted_less_blocks_nobody(lab, tmp_path, at_lab, refused):
    lab.publish(make_wheel(tmp_path))
    second = Lab.create(tmp_path / "second")
    second.publish(make_wheel(tmp_path, "tk-zo0"))
    trust(at_lab.home, second, "second")
    refused("'tk-zo0' is easily mistaken for 'tk-zoo'", Requirement("tk-zo0"))
    (choice,) = choose_all([ZOO], open_hubs(at_lab.home, is_offline=False), bound={}, present={})
    assert choice.hub.hub.name == "lab"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "../../evil"},
        {"file": "../../../evil-1.0-py3-none-any.whl"},
        {"file": "tk_zoo-1.0-py3-none-any.whl/../../evil.whl"},
        {"sha256": "../../../../evil"},
        {"name": "tk-zoo/../evil"},
        {"summary": "\x1b[2Jcleared your screen"},
        {"length": "endless"},
        {"surprise": 1},
    ],
    ids=str,
)
def test_path_traversal_and_nonsense_in_the_index(lab, tmp_path, refused, fields):
    lab.sign(make_wheel(tmp_path), **fields)
    refused("refused|wrongly|not found", kind=(InputError, NotFoundError))


def test_a_name_with_a_path_on_the_command_line(refused):
    with pytest.raises(UsageError, match="names an address"):
        parse("tk-zoo @ file:///etc/passwd")
    refused("is no plugin's name", Requirement("zoo"))


def test_path_traversal_in_the_zip(lab, tmp_path, refused):
    lab.sign(make_wheel(tmp_path, files={"../../../../evil.py": "raise SystemExit"}))
    refused("leads outside the wheel")


def test_an_sdist_in_the_index(lab, tmp_path, refused):
    path = tmp_path / "tk_zoo-1.0.tar.gz"
    path.write_bytes(b"")
    lab.sign(path)
    refused("'tk_zoo-1.0.tar.gz', which is refused")


def test_a_dependency_that_exists_as_an_sdist_only(lab, tmp_path, refused, index):
    (index / "helper-1.0.tar.gz").write_bytes(b"")
    lab.publish(make_wheel(tmp_path, requires=("helper",)))
    refused("dependencies cannot be met with wheels")


@pytest.mark.parametrize(
    ("victim", "version"),
    [("numpy", "2.0.1"), ("torch", "2.6.1"), ("transformer-tk", "99")],
)
def test_a_dependency_that_would_replace_core_or_anything_installed(
    lab, refused, index, victim, version
):
    make_wheel(index, victim, version, metadata=PLAIN, is_plugin=False)
    make_wheel(index, "helper", requires=(f"{victim}=={version}",), is_plugin=False)
    lab.publish(make_wheel(index, requires=("helper",)))
    refused(f"the plan would replace {victim} .* by {version}; refused", kind=UsageError)


def test_a_dependency_that_contradicts_core(lab, tmp_path, refused, index):
    make_wheel(index, "numpy", "0.1", metadata=PLAIN, is_plugin=False)
    lab.publish(make_wheel(tmp_path, requires=("numpy==0.1",)))
    refused("the dependencies cannot be met")


def test_a_dependency_that_brings_a_second_core_under_another_name(lab, tmp_path, refused, index):
    make_wheel(index, "helper", files={"tk/__init__.py": "API = 1"}, is_plugin=False)
    lab.publish(make_wheel(tmp_path, requires=("helper",)))
    refused("the plan brings a second 'tk' beside")


def test_a_dependency_that_overwrites_a_file_that_is_there(lab, tmp_path, at_lab, refused, index):
    (at_lab.environment.packages / "victim.py").write_text("GOOD = True")
    make_wheel(index, "helper", files={"victim.py": "GOOD = False"}, is_plugin=False)
    lab.publish(make_wheel(tmp_path, requires=("helper",)))
    with pytest.raises(Exception, match=r"victim\.py is there and belongs to something else"):
        install([ZOO], at_lab)
    assert (at_lab.environment.packages / "victim.py").read_text() == "GOOD = True"


def test_a_plugin_for_another_core(lab, tmp_path, refused):
    metadata = METADATA.replace("transformer-tk>=0.1", "transformer-tk>=99")
    lab.publish(make_wheel(tmp_path, metadata=metadata))
    refused("1.0 needs transformer-tk>=99, this is")


def test_a_plugin_for_another_python(lab, tmp_path, refused):
    lab.publish(make_wheel(tmp_path, metadata=METADATA.replace(">=3.11", ">=9")))
    refused("1.0 needs Python >=9")


def test_a_plugin_for_another_api(lab, tmp_path, refused):
    lab.sign(make_wheel(tmp_path), api=99)
    refused("1.0 is for plugin api 99, this tk speaks 1")


def test_a_plugin_for_another_api_that_the_index_hides(lab, tmp_path, refused):
    lab.sign(make_wheel(tmp_path, manifest=MANIFEST.replace("api = 1", "api = 99")))
    refused("api is 99")


def test_a_yanked_version_also_when_it_is_named(lab, tmp_path, refused):
    lab.publish(make_wheel(tmp_path))
    yank(lab.folder, [lab.keys], "tk-zoo", "1.0", reason="eats visitors")
    refused("1.0 is yanked: eats visitors")
    refused("1.0 is yanked: eats visitors", Requirement("tk-zoo==1.0"))


def test_the_version_before_a_yanked_one_is_taken(lab, tmp_path, at_lab):
    lab.publish(make_wheel(tmp_path))
    lab.publish(make_wheel(tmp_path, version="2.0"))
    yank(lab.folder, [lab.keys], "tk-zoo", "2.0", reason="eats visitors")
    (choice,) = choose_all([ZOO], open_hubs(at_lab.home, is_offline=False), bound={}, present={})
    assert choice.release.version == "1.0"


def test_the_same_name_in_a_second_hub(lab, tmp_path, at_lab):
    lab.publish(make_wheel(tmp_path))
    second = Lab.create(tmp_path / "second")
    second.publish(make_wheel(tmp_path, version="99.0"))
    trust(at_lab.home, second, "second")
    (choice,) = choose_all([ZOO], open_hubs(at_lab.home, is_offline=False), bound={}, present={})
    assert (choice.hub.hub.name, choice.release.version) == ("lab", "1.0")
    warnings = [c for c in diagnose(at_lab.environment, at_lab.home, is_offline=False) if c.fix]
    assert [(w.name, w.status) for w in warnings] == [("name tk-zoo", "warning")]


def test_the_same_name_in_a_second_hub_while_the_first_is_kept_from_answering(
    lab, tmp_path, at_lab, refused
):
    second = Lab.create(tmp_path / "second")
    second.publish(make_wheel(tmp_path, version="99.0"))
    trust(at_lab.home, second, "second")
    lab.folder.rename(tmp_path / "gone")
    refused("hub 'lab' is refused: a file cannot be fetched")


def test_an_installed_name_stays_with_its_hub_when_the_first_begins_to_offer_it(
    installed, installed_lab, tmp_path
):
    first = Lab.create(tmp_path / "first")
    first.publish(make_wheel(tmp_path, version="99.0"))
    trust(installed.home, first, "first")
    hubs = json.loads((installed.home.folder / "hubs.json").read_text())
    write_json(installed.home.folder / "hubs.json", {"hubs": hubs["hubs"][::-1]})
    assert [hub.name for hub in installed.home.hubs()] == ["first", "lab"]
    assert upgrade([], installed).items == []
    installed_lab.publish(make_wheel(tmp_path, version="1.1"))
    assert upgrade([], installed).rows()[0]["from"] == "hub lab"


def test_a_plugin_that_is_needed_is_never_taken_from_pypi(lab, tmp_path, refused, index):
    make_wheel(index, "tk-lion")
    lab.publish(make_wheel(tmp_path, requires=("tk-lion",)))
    refused("plugin 'tk-lion' not found", kind=NotFoundError)


def test_a_plugin_that_a_dependency_needs_is_never_taken_from_pypi(lab, tmp_path, refused, index):
    make_wheel(index, "tk-lion")
    make_wheel(index, "helper", requires=("tk-lion",), is_plugin=False)
    lab.publish(make_wheel(tmp_path, requires=("helper",)))
    refused("'tk-lion' would come from file:", kind=UsageError)


def test_a_plugin_that_raises_on_import(lab, tmp_path, refused):
    code = "raise RuntimeError('boo')"
    lab.publish(make_wheel(tmp_path, files={"tk_zoo/__init__.py": code}))
    refused("nothing was installed: (.|\n)*RuntimeError: boo", kind=PluginError)


def test_a_wheel_that_changes_between_the_check_and_the_unpacking(installed):
    (cached,) = installed.home.wheels.glob("*/tk_zoo*.whl")
    signed = sha256(cached)
    with zipfile.ZipFile(cached, "a") as archive:
        archive.writestr("tk_zoo/evil.py", "")
    with pytest.raises(InputError, match="the wheels cannot be unpacked"):
        unpack(installed.environment, {cached: signed}, installed.change.staging)


def test_the_wheels_in_the_cache_are_hashed_before_use(installed):
    (cached,) = installed.home.wheels.glob("*/tk_zoo*.whl")
    signed = cached.read_bytes()
    uninstall(["tk-zoo"], installed)
    with zipfile.ZipFile(cached, "a") as archive:
        archive.writestr("tk_zoo/evil.py", "")
    install([ZOO], installed)
    assert cached.read_bytes() == signed
    assert not (installed.environment.packages / "tk_zoo" / "evil.py").exists()

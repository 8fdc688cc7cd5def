import re

import pytest
from hubs import make_wheel, setting, state_of, trust
from packaging.requirements import Requirement

from tk import InputError, NotFoundError, UsageError
from tk_hub.choosing import choose
from tk_hub.installing import install, open_hubs, upgrade
from tk_hub.publishing import yank
from tk_hub.uninstalling import uninstall
from tk_hub.verifying import verify

ZOO = Requirement("tk-zoo")


def checks(setting):
    found = verify(setting.environment, setting.home, is_offline=True)
    return [(check.status, check.message) for check in found]


def test_verify_finds_every_change(installed):
    packages = installed.environment.packages
    assert checks(installed) == [("ok", "1.0 is as hub 'lab' signed it")]
    signed = (packages / "tk_zoo" / "cli.py").read_text()
    (packages / "tk_zoo" / "cli.py").write_text("import os")
    assert checks(installed) == [("failed", "tk_zoo/cli.py was changed since it was signed")]
    (packages / "tk_zoo" / "cli.py").unlink()
    assert checks(installed) == [("failed", "tk_zoo/cli.py is missing")]
    (packages / "tk_zoo" / "cli.py").write_text(signed)
    (packages / "tk_zoo" / "evil.py").write_text("")
    assert checks(installed) == [("failed", "tk_zoo/evil.py was not in the wheel")]
    (packages / "tk_zoo" / "evil.py").unlink()
    (packages / "tk_zoo-1.0.dist-info" / "entry_points.txt").write_text("[tk.plugins]\nlink=tk_zoo")
    assert checks(installed)[0][0] == "failed"


def test_verify_finds_a_record_that_was_changed_with_the_file(installed):
    (record,) = installed.environment.packages.glob("tk_zoo*/RECORD")
    record.write_text(re.sub(r"cli\.py,sha256=[^,]*", "cli.py,sha256=AAAA", record.read_text()))
    assert checks(installed) == [
        ("failed", "RECORD has another hash of tk_zoo/cli.py than was signed")
    ]


def test_verify_warns_of_a_version_yanked_since(installed, installed_lab):
    lab = installed_lab
    yank(lab.folder, [lab.keys], "tk-zoo", "1.0", reason="eats visitors")
    (check,) = verify(installed.environment, installed.home, is_offline=False)
    assert (check.status, check.message) == ("warning", "1.0 is yanked: eats visitors")


def test_verify_finds_a_lock_file_that_was_changed(installed):
    lock = installed.environment.lock_file
    lock.write_text(lock.read_text().replace('"sha256": "', '"sha256": "0'))
    assert checks(installed)[0][1] == "hub 'lab' never signed tk-zoo 1.0 with this hash"


def test_installing_again_changes_nothing(installed):
    before = state_of(installed.environment)
    assert install([ZOO], installed).items == []
    assert upgrade([], installed).items == []
    assert state_of(installed.environment) == before


def test_offline_everything_that_was_fetched_before_works(installed, installed_lab, tmp_path):
    uninstall(["tk-zoo"], installed)
    installed_lab.folder.rename(tmp_path / "unplugged")
    offline = setting(installed.environment, installed.home, is_offline=True)
    assert install([ZOO], offline).items[0].version == "1.0"
    assert checks(installed)[0][0] == "ok"


def test_offline_what_was_not_fetched_is_refused(lab, at_lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    offline = setting(at_lab.environment, at_lab.home, is_offline=True)
    with pytest.raises(InputError, match="was not fetched before"):
        install([ZOO], offline)


def test_a_plan_that_is_not_confirmed_changes_nothing(lab, at_lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    before = state_of(at_lab.environment)
    plan = install([ZOO], setting(at_lab.environment, at_lab.home, confirm=lambda plan: False))
    assert plan.rows()[0]["version"] == "1.0"
    assert state_of(at_lab.environment) == before


def test_dependencies_come_change_when_allowed_and_go_with_the_last_that_needs_them(
    lab, at_lab, tmp_path, monkeypatch
):
    index = tmp_path / "pypi"
    make_wheel(index, "helper", is_plugin=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    before = state_of(at_lab.environment)
    lab.publish(make_wheel(tmp_path, "tk-food", requires=("helper",)))
    lab.publish(make_wheel(tmp_path, requires=("tk-food", "helper")))
    plan = install([ZOO], at_lab)
    assert sorted(item.name for item in plan.items) == ["helper", "tk-food", "tk-zoo"]
    make_wheel(index, "helper", "2.0", is_plugin=False)
    lab.publish(make_wheel(tmp_path, version="2.0", requires=("tk-food", "helper>=2")))
    with pytest.raises(UsageError, match=r"would replace helper 1\.0 by 2\.0; refused"):
        upgrade([], at_lab)
    upgrade([], setting(at_lab.environment, at_lab.home, allowed=["helper"]))
    found = at_lab.environment.installed()
    assert (found["tk-zoo"].version, found["helper"].version) == ("2.0", "2.0")
    with pytest.raises(UsageError, match="tk-zoo needs tk-food; uninstall both"):
        uninstall(["tk-food"], at_lab)
    assert uninstall(["tk-zoo"], at_lab) == ["helper", "tk-food", "tk-zoo"]
    state = state_of(at_lab.environment)
    assert {path: h for path, h in state.items() if not path.startswith("tk-hub")} == before


def test_what_was_not_installed_from_a_hub_is_left_alone(at_lab):
    with pytest.raises(NotFoundError, match="plugin 'tk-zoo' not found"):
        uninstall(["tk-zoo"], at_lab)
    assert not (at_lab.environment.state / "staging").exists()


def test_a_preview_is_taken_only_when_it_is_named_or_alone(lab, home, tmp_path):
    lab.publish(make_wheel(tmp_path))
    lab.publish(make_wheel(tmp_path, version="2.0rc1"))
    lab.publish(make_wheel(tmp_path, "tk-new", version="1.0rc1"))
    trust(home, lab)
    hubs = open_hubs(home, is_offline=False)
    for wanted, version in (("tk-zoo", "1.0"), ("tk-zoo==2.0rc1", "2.0rc1"), ("tk-new", "1.0rc1")):
        assert choose(Requirement(wanted), hubs, bound={}).release.version == version


def test_a_version_that_is_not_there(lab, at_lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    with pytest.raises(NotFoundError, match="version of tk-zoo '==9' not found"):
        install([Requirement("tk-zoo==9")], at_lab)


def test_the_lock_file_says_what_came_from_where(installed):
    (entry,) = installed.environment.locked()["plugins"].values()
    assert entry["hub"] == "lab"
    assert entry["file"] == "tk_zoo-1.0-py3-none-any.whl"
    assert entry["is_asked"]
    assert len(entry["sha256"]) == 64


def test_a_hub_of_the_same_name_with_another_root_begins_anew(lab, home):
    hub = trust(home, lab)
    with pytest.raises(UsageError, match="is there as 'lab'"):
        trust(home, lab)
    home.remove("lab")
    assert home.hubs() == []
    assert home.state(hub) != home.state(type(hub)("lab", hub.url, "0" * 64))

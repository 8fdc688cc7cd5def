"""What a hub's owner does: init, publish, yank, renew, rotate-key; what users then see."""

import shutil
import stat

import pytest
from hubs import Lab, make_wheel, trust

from tk import InputError, NotFoundError, UsageError
from tk_hub.building import build
from tk_hub.keys import ROLES, load_keys
from tk_hub.publishing import create_hub, publish, renew, rotate_key, yank
from tk_hub.repository import Repository
from tk_hub.trust import open_hub

ONE = dict.fromkeys(ROLES, 1)


def test_keys_are_readable_by_their_owner_only_and_never_served(lab):
    paths = list(lab.keys.rglob("*.pem"))
    assert len(paths) == 3 + 2 + 1 + 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert not list(lab.folder.rglob("*.pem"))


def test_keys_inside_the_hub_are_refused(tmp_path):
    with pytest.raises(UsageError, match="is served to everybody"):
        create_hub(tmp_path / "hub", tmp_path / "hub" / "keys", counts=ONE, thresholds=ONE)


def test_a_second_hub_does_not_overwrite_the_keys_of_the_first(lab, tmp_path):
    with pytest.raises(UsageError, match="holds keys already"):
        create_hub(tmp_path / "second", lab.keys, counts=ONE, thresholds=ONE)


def test_a_threshold_above_the_number_of_keys_is_refused(tmp_path):
    with pytest.raises(UsageError, match="root: 2 of 1 cannot sign"):
        create_hub(tmp_path / "hub", tmp_path / "keys", counts=ONE, thresholds={"root": 2})


def test_a_version_never_changes(lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    with pytest.raises(InputError, match="a version never changes"):
        lab.publish(make_wheel(tmp_path, files={"tk_zoo/more.py": ""}))


def test_a_lookalike_is_not_published(lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    with pytest.raises(InputError, match="easily mistaken for 'tk-zoo'"):
        lab.publish(make_wheel(tmp_path, "tk-zo0"))


def test_publishing_needs_the_keys_of_targets_snapshot_and_timestamp_only(lab, tmp_path):
    shutil.rmtree(lab.keys / "root")
    lab.publish(make_wheel(tmp_path))


def test_the_keys_of_one_role_may_lie_in_several_folders(lab, tmp_path):
    (tmp_path / "stick").mkdir()
    (lab.keys / "targets" / "2.pem").rename(tmp_path / "stick" / "2.pem")
    publish(lab.folder, [lab.keys, tmp_path / "stick"], make_wheel(tmp_path))


def test_a_folder_that_cannot_be_built_says_why(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="cannot be built into a wheel"):
        build(tmp_path / "empty", tmp_path, is_isolated=False)


def test_renewing_needs_the_online_keys_only(lab, home):
    hub = trust(home, lab)
    shutil.rmtree(lab.keys / "root")
    shutil.rmtree(lab.keys / "targets")
    for _ in range(3):
        renew(lab.folder, [lab.keys])
        open_hub(home, hub)


def test_an_expired_hub_is_sound_again_once_it_is_renewed(tmp_path, home):
    lab = Lab.create(tmp_path, timestamp=0, snapshot=0)
    hub = trust(home, lab)
    with pytest.raises(InputError, match="its owner must run tk hub renew"):
        open_hub(home, hub)
    fresh = Lab.create(tmp_path / "fresh")
    hub = trust(home, fresh, "fresh")
    renew(fresh.folder, [fresh.keys])
    assert len(open_hub(home, hub).index) == 0


@pytest.mark.parametrize("role", ROLES)
def test_a_rotated_key_signs_and_the_old_one_no_longer_does(lab, home, tmp_path, role):
    hub = trust(home, lab)
    lab.publish(make_wheel(tmp_path))
    open_hub(home, hub)
    before = Repository(lab.folder, {}).root().roles[role].keyids
    old, new = rotate_key(lab.folder, [lab.keys], role, old=before[0][:12], new_in=tmp_path / "new")
    after = Repository(lab.folder, {}).root().roles[role].keyids
    assert set(after) == {*before, new} - {old}
    publish(lab.folder, [lab.keys, tmp_path / "new"], make_wheel(tmp_path, version="2.0"))
    assert open_hub(home, hub).index.releases("tk-zoo")[0].version == "2.0"


def test_a_lost_root_key_is_replaced_with_the_other_two(lab, home, tmp_path):
    hub = trust(home, lab)
    lost = load_keys([lab.keys / "root"])
    (lab.keys / "root" / "1.pem").unlink()
    (keyid,) = lost.keys() - load_keys([lab.keys / "root"]).keys()
    rotate_key(lab.folder, [lab.keys], "root", old=keyid, new_in=tmp_path / "new")
    open_hub(home, hub)


def test_which_key_to_replace_must_be_clear(lab, tmp_path):
    with pytest.raises(UsageError, match="which key of root"):
        rotate_key(lab.folder, [lab.keys], "root", old="", new_in=tmp_path / "new")
    with pytest.raises(NotFoundError, match="role 'roots' not found; did you mean 'root'"):
        rotate_key(lab.folder, [lab.keys], "roots", old="", new_in=tmp_path / "new")


def test_a_rotation_without_enough_root_keys_leaves_no_new_key(lab, tmp_path):
    shutil.rmtree(lab.keys / "root")
    with pytest.raises(UsageError, match="root needs 2 signatures, 0 of its keys are at hand"):
        rotate_key(lab.folder, [lab.keys], "timestamp", old="", new_in=tmp_path / "new")
    assert not list((tmp_path / "new").rglob("*.pem"))
    assert Repository(lab.folder, {}).root().version == 1


def test_yanking_what_is_not_there(lab, tmp_path):
    lab.publish(make_wheel(tmp_path))
    with pytest.raises(NotFoundError, match="plugin 'tk-zo0' not found"):
        yank(lab.folder, [lab.keys], "tk-zo0", "1.0", reason="x")
    with pytest.raises(NotFoundError, match=r"version '1\.1' not found"):
        yank(lab.folder, [lab.keys], "tk-zoo", "1.1", reason="x")
    with pytest.raises(UsageError, match="'new' is no version"):
        yank(lab.folder, [lab.keys], "tk-zoo", "new", reason="x")
    with pytest.raises(UsageError, match="say why"):
        yank(lab.folder, [lab.keys], "tk-zoo", "1.0", reason="")


def test_a_folder_without_a_hub(tmp_path):
    with pytest.raises(InputError, match="holds no hub"):
        renew(tmp_path, [tmp_path])

import zipfile

import pytest
from hubs import MANIFEST, METADATA, make_wheel

from tk import InputError
from tk_hub.checks import Known, inspect

KNOWN = Known(plugins=["tk-bees"], reserved=["tk-link"])
NO_PYTHON = METADATA.replace("Requires-Python: >=3.11\n", "")
NO_CORE = METADATA.replace("Requires-Dist: transformer-tk>=0.1\n", "")
NO_RANGE = METADATA.replace("transformer-tk>=0.1", "transformer-tk")
NO_LICENCE = METADATA.replace("License-Expression: MIT\n", "")
NO_SOURCE = METADATA.replace("Project-URL: Source, https://example.org/{name}\n", "")
OTHER_NAME = METADATA.replace("Name: {name}", "Name: tk-lion")
OTHER_VERSION = METADATA.replace("Version: {version}\n", "Version: 9\n", 2)
BY_ADDRESS = METADATA + "Requires-Dist: numpy @ https://example.org/numpy.whl\n"
TWO_PLUGINS = "[tk.plugins]\nzoo = tk_zoo\nlink = tk_zoo\n"
SCRIPT = "[tk.plugins]\nzoo = tk_zoo\n[console_scripts]\npip = tk_zoo.cli:say\n"
OWN_SCRIPT = "[tk.plugins]\nzoo = tk_zoo\n[console_scripts]\ntk-zoo-feed = tk_zoo.cli:say\n"
ABSENT = MANIFEST.replace(".cli:say", ".cli:shout")
NO_MODULE = MANIFEST.replace(".cli:say", ".roar:say")
OUTSIDE = MANIFEST.replace("{package}.cli:say", "os:system")
PERMISSION = MANIFEST.replace("[commands", "permissions = ['everything']\n[commands")


def test_a_sound_wheel_passes(tmp_path):
    assert inspect(make_wheel(tmp_path), KNOWN).name == "tk-zoo"


def test_a_script_called_like_the_plugin_passes(tmp_path):
    inspect(make_wheel(tmp_path, entry_points=OWN_SCRIPT), KNOWN)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"name": "zoo"}, "name 'zoo' must be 'tk-'"),
        ({"name": "tk-link"}, "belongs to the toolkit itself"),
        ({"name": "tk-links"}, "easily mistaken for 'tk-link'"),
        ({"name": "tk-bee"}, "easily mistaken for 'tk-bees'"),
        ({"name": "tk-ebes"}, "easily mistaken for 'tk-bees'"),
        ({"metadata": NO_PYTHON}, "requires-python is missing"),
        ({"metadata": NO_CORE}, "dependency on the toolkit is missing"),
        ({"metadata": NO_RANGE}, "dependency on the toolkit is missing"),
        ({"metadata": BY_ADDRESS}, "names an address"),
        ({"metadata": NO_LICENCE}, "licence is missing"),
        ({"metadata": NO_SOURCE}, "source's address is missing"),
        ({"metadata": OTHER_NAME}, "the metadata's name is 'tk-lion'"),
        ({"metadata": OTHER_VERSION}, "the metadata's version is '9'"),
        ({"entry_points": ""}, "entry points of group"),
        ({"entry_points": TWO_PLUGINS}, "entry points of group"),
        ({"entry_points": SCRIPT}, "script 'pip' may shadow another"),
        ({"manifest": "api = 1"}, "no summary"),
        ({"manifest": "api = ]"}, "not valid TOML"),
        ({"manifest": "api = 99"}, "api is 99"),
        ({"manifest": PERMISSION}, "permission 'everything' is none of"),
        ({"manifest": ABSENT}, "tk_zoo/cli.py does not define 'shout'"),
        ({"manifest": NO_MODULE}, "there is no such module"),
        ({"manifest": OUTSIDE}, "it is not in the package 'tk_zoo'"),
        ({"files": {"tk_zoo/plugin.toml": None}}, "api is None"),
        ({"files": {"tk_zoo/cli.py": "def say(:"}}, "is not valid Python"),
        ({"files": {"tk_zoo/__init__.py": None}}, "package 'tk_zoo' is missing"),
        ({"files": {"numpy/__init__.py": ""}}, "'numpy' lies outside the package"),
        ({"files": {"tk_zoo-1.0.data/scripts/pip": ""}}, "lies outside the package"),
        ({"files": {"zoo.pth": "import os"}}, "would run whenever Python starts"),
        ({"files": {"sitecustomize.py": ""}}, "would run whenever Python starts"),
        ({"files": {"tk_zoo/__pycache__/cli.cpython-311.pyc": ""}}, "compiled code"),
        ({"files": {"../evil.py": ""}}, "leads outside the wheel"),
        ({"files": {"tk_zoo/../../evil.py": ""}}, "leads outside the wheel"),
        ({"files": {"/etc/evil.py": ""}}, "leads outside the wheel"),
        ({"files": {"tk_zoo\\..\\..\\evil.py": ""}}, "leads outside the wheel"),
        ({"files": {"C:/evil.py": ""}}, "leads outside the wheel"),
        ({"files": {"tk_zoo/CLI.py": ""}}, "is in the wheel 2 times"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_a_fault_is_named(tmp_path, options, fault):
    with pytest.raises(InputError, match="is refused") as raised:
        inspect(make_wheel(tmp_path, **options), KNOWN)
    assert fault in raised.value.message


def test_a_link_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("tk_zoo/passwords")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match="'tk_zoo/passwords' is a link"):
        inspect(path, KNOWN)


def test_a_file_that_record_does_not_know_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("tk_zoo/extra.py", "")
    with pytest.raises(InputError, match=r"RECORD and the files differ: tk_zoo/extra\.py"):
        inspect(path, KNOWN)


def test_a_file_that_is_not_what_record_says_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents["tk_zoo/cli.py"] = b"def say():\n    print('something else')\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    with pytest.raises(InputError, match=r"tk_zoo/cli\.py is not what RECORD says"):
        inspect(path, KNOWN)


@pytest.mark.parametrize("name", ["tk_zoo-1.0.tar.gz", "tk_zoo-1.0.zip", "zoo.whl"])
def test_what_is_no_wheel_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="is no wheel"):
        inspect(tmp_path / name, KNOWN)


def test_a_damaged_wheel_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be read as a wheel"):
        inspect(path, KNOWN)


def test_a_wheel_that_unpacks_to_more_than_the_limit_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"tk_zoo/{number}.txt", bytes(90 * 2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(InputError, match="unpacks to more than 400 MiB"):
        inspect(path, KNOWN)


def test_a_wheel_larger_than_the_limit_is_refused(tmp_path):
    path = make_wheel(tmp_path)
    with path.open("ab") as stream:
        stream.truncate(101 * 2**20)  # sparse: takes no room on the disk
    with pytest.raises(InputError, match="is larger than 100 MiB"):
        inspect(path, KNOWN)

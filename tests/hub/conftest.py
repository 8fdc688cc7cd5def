import shutil

import pytest
from hubs import Lab, environment_at, make_environment, make_wheel, setting, trust
from packaging.requirements import Requirement

from tk_hub.home import Home
from tk_hub.installing import install


@pytest.fixture
def lab(tmp_path) -> Lab:
    """An empty hub; publishing needs two signatures."""
    return Lab.create(tmp_path / "lab")


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """A fresh venv to copy, which is quicker than making one."""
    return make_environment(tmp_path_factory.mktemp("bare") / "env").prefix


@pytest.fixture
def environment(bare, tmp_path):
    shutil.copytree(bare, tmp_path / "env", symlinks=True)
    return environment_at(tmp_path / "env")


@pytest.fixture
def at_lab(environment, home, lab):
    """Where and how to install from `lab`, which is trusted."""
    trust(home, lab)
    return setting(environment, home)


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """A folder in which `tk-zoo` 1.0 is published and installed; made once, since pip is slow."""
    folder = tmp_path_factory.mktemp("installed")
    lab, home = Lab.create(folder / "lab"), Home(folder / "home")
    lab.publish(make_wheel(folder))
    trust(home, lab)
    install([Requirement("tk-zoo")], setting(make_environment(folder / "env"), home))
    return folder


@pytest.fixture
def copied(original, tmp_path):
    """A copy of that folder."""
    folder = tmp_path / "installed"
    shutil.copytree(original, folder, symlinks=True)
    hubs = folder / "home" / "hubs.json"
    hubs.write_text(hubs.read_text().replace(original.as_uri(), folder.as_uri()))
    return folder


@pytest.fixture
def installed(copied):
    """Where `tk-zoo` 1.0 is installed."""
    return setting(environment_at(copied / "env"), Home(copied / "home"))


@pytest.fixture
def installed_lab(copied) -> Lab:
    """Where it is published."""
    return Lab(copied / "lab" / "hub", copied / "lab" / "keys")

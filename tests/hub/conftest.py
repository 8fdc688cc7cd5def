import pytest
from hubs import Lab, make_environment, setting, trust

from tk_hub.home import Home


@pytest.fixture
def lab(tmp_path) -> Lab:
    """An empty hub; publishing needs two signatures."""
    return Lab.create(tmp_path / "lab")


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def environment(tmp_path):
    return make_environment(tmp_path / "env")


@pytest.fixture
def at_lab(environment, home, lab):
    """Where and how to install from `lab`, which is trusted."""
    trust(home, lab)
    return setting(environment, home)

import json
import shutil
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest
from hubs import MANIFEST, make_wheel, serving

from tk_hub.publishing import yank
from tk_hub.simple import JSON

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HOSTILE = "<img src=x onerror=document.title=1> </script><b>buzz</b>"


@pytest.fixture
def hub(lab, tmp_path):
    """A hub with an old, yanked version and a plugin whose summary is an attack."""
    hostile = MANIFEST.replace("Say what {name} says", HOSTILE)
    hostile = hostile.replace("[commands", 'permissions = ["network"]\n[commands')
    lab.publish(make_wheel(tmp_path))
    lab.publish(make_wheel(tmp_path, version="1.1"))
    lab.publish(make_wheel(tmp_path, "tk-bees", manifest=hostile))
    yank(lab.folder, [lab.keys], "tk-zoo", "1.0", reason='eats "visitors"')
    return lab.folder


def test_the_simple_index_in_json(hub):
    with serving(hub) as url:
        request = Request(f"{url}/simple/tk-zoo/", headers={"Accept": JSON})
        with urlopen(request) as answer:
            assert answer.headers["Content-Type"] == JSON
            data = json.load(answer)
    assert (data["meta"], data["name"]) == ({"api-version": "1.0"}, "tk-zoo")
    yanked = {file["filename"]: file["yanked"] for file in data["files"]}
    assert yanked == {
        "tk_zoo-1.1-py3-none-any.whl": False,
        "tk_zoo-1.0-py3-none-any.whl": 'eats "visitors"',
    }


def test_the_simple_index_in_html(hub):
    page = (hub / "simple" / "tk-zoo" / "index.html").read_text()
    assert 'data-requires-python="&gt;=3.11"' in page
    assert 'data-yanked="eats &quot;visitors&quot;"' in page
    names = (hub / "simple" / "index.html").read_text()
    assert names.index("tk-bees") < names.index("tk-zoo")


def test_pip_understands_the_simple_index(hub, tmp_path, monkeypatch):
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    with serving(hub) as url:
        words = [sys.executable, "-m", "pip", "--isolated", "download", "--no-deps"]
        subprocess.run(
            [*words, "--index-url", f"{url}/simple/", "--dest", str(tmp_path / "got"), "tk-zoo"],
            check=True,
            capture_output=True,
        )
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["tk_zoo-1.1-py3-none-any.whl"]


def test_the_data_of_the_catalogue_cannot_leave_its_script(hub):
    assert "<" not in (hub / "data.js").read_text()


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")
@pytest.mark.parametrize(
    ("page", "shown", "hidden"),
    [
        (
            "",
            ["2 of 2 plugins", "&lt;img src=x", "Say what tk-zoo says"],
            ["<img", "<b>"],
        ),
        ("#tk-zoo", ["tk hub install tk-zoo", "1.1", "yanked: eats", "commands: zoo"], ["buzz"]),
        (
            "#tk-bees",
            ["network (opens network", "https://example.org/tk-bees"],
            ["<img"],
        ),
        ("#no-such", ["2 of 2 plugins"], []),
    ],
)
def test_the_catalogue_in_a_browser(hub, tmp_path, page, shown, hidden):
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", profile]
    with serving(hub) as url:
        address = f"{url}/index.html{page}"
        words = [CHROMIUM, *flags, "--virtual-time-budget=2000", "--dump-dom", address]
        ended = subprocess.run(words, capture_output=True, text=True, check=True)
    (body,) = ended.stdout.split("<main")[1:]
    body = body.partition("</main>")[0]
    assert "<title>tk plugins</title>" in ended.stdout
    for text in shown:
        assert text in body
    for text in hidden:
        assert text not in body

import tomllib

import pytest

from tk_link.config import LinkConfig, OutputConfig
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.settings import DedupeSettings
from tk_link.page.recipes import dedupe_recipes, link_recipes
from tk_link.settings import Settings, make_settings

SETTINGS = Settings(
    left="a b.csv",
    right="r.csv",
    link=LinkConfig(min_prob=0.8, types=(("zip", "code"),), on=(("name", "firm"),)),
    output=OutputConfig(report="out.html"),
)


def test_the_command_is_what_was_typed_quoted_for_a_shell():
    command, _ = link_recipes(SETTINGS, ["a b.csv", "r.csv", "--on", "name='x'"])
    assert command.text == """tk link 'a b.csv' r.csv --on 'name='"'"'x'"'"''"""


def test_the_toml_means_the_same_settings():
    toml = link_recipes(SETTINGS, ["l", "r"])[1].text
    assert make_settings(tomllib.loads(toml)["link"]) == SETTINGS


def test_the_python_call_names_what_differs_from_the_defaults():
    call, _ = link_recipes(SETTINGS, None)
    namespace = {}
    exec(call.text.replace("from tk_link import link", "link = lambda *a, **k: (a, k)"), namespace)
    given, options = namespace["matches"]
    assert given == ("a b.csv", "r.csv")
    assert set(options) == {"on", "types", "min_prob", "report"}
    assert make_settings(options) == Settings(link=SETTINGS.link, output=SETTINGS.output)


@pytest.mark.parametrize(
    ("files", "shown"),
    [((), "dedupe(table, keep='best')"), (("a", "b"), "dedupe(['a', 'b'], keep='best')")],
)
def test_frames_stand_under_a_name(files, shown):
    settings = DedupeSettings(files=files, dedupe=DedupeConfig(keep="best"))
    assert dedupe_recipes(settings, None)[0].text.endswith(f"rows = {shown}")
    assert "link(left, right)" in link_recipes(Settings(), None)[0].text


def test_passwords_do_not_reach_the_page():
    url = "postgresql://ann:s3cret@host/db::people"
    settings = Settings(left=url, right="r.csv")
    for words in ([url, "r.csv"], None):
        texts = [recipe.text for recipe in link_recipes(settings, words)]
        assert all("ann:***@host" in text and "s3cret" not in text for text in texts)

import pytest

from tk import Catalogue, Kind, NotFoundError, PluginError, Source, UsageError, catalogue, discover

LION = "api = 1\n[models.lion]\ntarget = 'tk_zoo.lion:Lion'\n"
HOOKS = """
from tk import Check, Entry, Kind, hookimpl

@hookimpl
def tk_models():
    return [Entry(Kind.MODEL, "tiger", "builtins:dict", plugin="zoo")]

@hookimpl
def tk_resolve(kind, name):
    if name.startswith("hf:"):
        return Entry(kind, name, "builtins:dict", plugin="zoo")

@hookimpl
def tk_detect(keys, config):
    return "zoo/lion" if "mane.weight" in keys else None

@hookimpl
def tk_doctor():
    yield Check("cage", "ok", "locked")
"""


def test_declared_entries_come_from_manifests_alone(make_plugin):
    zoo = make_plugin("zoo", LION, hooks="raise RuntimeError('imported')")
    found = Catalogue([zoo])
    assert [entry.full_name for entry in found.declared(Kind.MODEL)] == ["zoo/lion"]
    assert found.declared(Kind.COMMAND) == []
    assert found.problems == ()


def test_entries_of_hooks_join_those_of_the_manifest(make_plugin):
    found = Catalogue([make_plugin("zoo", LION, init="", hooks=HOOKS)])
    assert [entry.name for entry in found.entries(Kind.MODEL)] == ["lion", "tiger"]
    assert found.find(Kind.MODEL, "tiger").target == "builtins:dict"


def test_hooks_resolve_foreign_names_detect_and_check(make_plugin):
    found = Catalogue([make_plugin("zoo", LION, init="", hooks=HOOKS)])
    assert found.find(Kind.ENCODER, "hf:org/model").name == "hf:org/model"
    assert found.detect(["mane.weight"], {}) == "zoo/lion"
    assert found.detect(["other"], {}) is None
    assert [check.name for check in found.checks()] == ["cage"]


def test_find_takes_short_and_full_names(make_plugin):
    found = Catalogue([make_plugin("zoo", LION)])
    assert found.find(Kind.MODEL, "lion") is found.find(Kind.MODEL, "zoo/lion")


def test_find_suggests_the_nearest_name(make_plugin):
    found = Catalogue([make_plugin("zoo", LION)])
    with pytest.raises(NotFoundError, match=r"did you mean 'lion'\? \(tk models\)"):
        found.find(Kind.MODEL, "loin")


def test_a_short_name_that_two_plugins_offer_must_be_said_in_full(make_plugin):
    zoo, park = make_plugin("zoo", LION), make_plugin("park", LION)
    found = Catalogue([zoo, park])
    with pytest.raises(UsageError, match="'park/lion' or 'zoo/lion'"):
        found.find(Kind.MODEL, "lion")
    assert found.find(Kind.MODEL, "park/lion").plugin == "park"


def test_of_two_plugins_with_one_name_the_toolkits_own_stays(make_plugin):
    own = make_plugin("zoo", LION, package="tk_zoo")
    own = Source("zoo", own.package, distribution="transformer-tk")
    stranger = make_plugin("zoo", "api = 1", package="a_zoo")
    found = Catalogue([stranger, own])
    assert found.manifests["zoo"].source == own
    assert ["'a_zoo' is left out" in str(problem) for problem in found.problems] == [True]


BROKEN_HOOKS = {
    "fails to import": "1 / 0",
    "unknown hook": "from tk import hookimpl\n@hookimpl\ndef tk_modles(): return []",
    "unknown argument": "from tk import hookimpl\n@hookimpl\ndef tk_models(size): return []",
    "raises": "from tk import hookimpl\n@hookimpl\ndef tk_models(): raise OSError('gone')",
    "exits": "from tk import hookimpl\n@hookimpl\ndef tk_models(): raise SystemExit",
    "raises half-way": "from tk import hookimpl\n@hookimpl\ndef tk_models(): yield 1 / 0",
    "no entries": "from tk import hookimpl\n@hookimpl\ndef tk_models(): return ['lion']",
}


@pytest.mark.parametrize("code", BROKEN_HOOKS.values(), ids=BROKEN_HOOKS)
def test_broken_hooks_are_a_problem_and_hurt_no_other_plugin(make_plugin, code):
    zoo = make_plugin("zoo", LION, init="", hooks=HOOKS)
    bad = make_plugin("bad", "api = 1\n[models.cub]\ntarget='a:b'", init="", hooks=code)
    found = Catalogue([bad, zoo])
    assert [e.full_name for e in found.entries(Kind.MODEL)] == ["bad/cub", "zoo/lion", "zoo/tiger"]
    assert [problem.plugin for problem in found.problems] == ["bad"]


def test_broken_manifests_are_problems_and_hurt_no_other_plugin(make_plugin):
    sources = [
        make_plugin("bad-toml", "api = = 1"),
        make_plugin("old-api", "api = -5"),
        Source("absent", "tk_absent"),
        make_plugin("zoo", LION),
    ]
    found = Catalogue(sources)
    assert list(found.manifests) == ["zoo"]
    assert [problem.plugin for problem in found.problems] == ["absent", "bad-toml", "old-api"]


def test_strict_raises_at_the_first_problem(make_plugin):
    with pytest.raises(PluginError, match="plugin 'old': api is -5"):
        Catalogue([make_plugin("old", "api = -5")], strict=True)


@pytest.fixture
def two_plugins(make_plugin, monkeypatch):
    sources = [make_plugin("zoo", LION), make_plugin("old", "api = -5")]
    monkeypatch.setattr(catalogue, "installed", lambda: sources)


def test_tk_plugins_is_an_allow_list(two_plugins, monkeypatch):
    monkeypatch.setenv("TK_PLUGINS", "zoo, ")
    found = discover()
    assert list(found.manifests) == ["zoo"]
    assert found.problems == ()


def test_an_unknown_name_in_tk_plugins_is_a_problem_with_a_suggestion(two_plugins, monkeypatch):
    monkeypatch.setenv("TK_PLUGINS", "zo")
    assert ["did you mean 'zoo'" in str(problem) for problem in discover().problems] == [True]


def test_tk_strict_raises_instead_of_collecting(two_plugins, monkeypatch):
    assert [problem.plugin for problem in discover().problems] == ["old"]
    monkeypatch.setenv("TK_STRICT", "1")
    with pytest.raises(PluginError, match="api is -5"):
        discover()

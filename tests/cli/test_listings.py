import json

import pytest

ZOO = """
api = 1
summary = "Animals"
[models.lion]
target = "a:b"
task = "roaring"
variants = ["lion-s", "lion-l"]
paper = "arXiv:1234.56789"
[models.mouse]
target = "a:b"
task = "squeaking"
[encoders.fur]
target = "a:b"
summary = "Fur to vectors"
[backends.cave]
target = "a:b"
[datasets.savanna]
target = "a:b"
"""


@pytest.fixture
def zoo(make_plugin):
    return make_plugin("zoo", ZOO)


def test_plugins_lists_what_each_offers(run_tk, zoo):
    ended = run_tk("plugins", plugins=[zoo])
    assert ended.out.splitlines()[1].split()[:3] == ["zoo", "2.3", "Animals"]
    assert "models: lion, mouse; " in ended.out.replace("encoders: fur; ", "")


def test_plugins_counts_problems_on_stderr(run_tk, zoo, make_plugin):
    ended = run_tk("plugins", "--json", plugins=[zoo, make_plugin("old", "api = -5")])
    assert ended.err == "1 problem (tk doctor)\n"
    assert [row["name"] for row in json.loads(ended.out)] == ["zoo"]


def test_models_shows_task_variants_and_paper(run_tk, zoo):
    lines = run_tk("models", plugins=[zoo]).out.splitlines()
    assert lines[0].split() == ["NAME", "TASK", "VARIANTS", "PAPER"]
    assert lines[1].split() == ["zoo/lion", "roaring", "lion-s,", "lion-l", "arXiv:1234.56789"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ["zoo/lion", "zoo/mouse"]),
        (["zoo/*"], ["zoo/lion", "zoo/mouse"]),
        (["m*"], ["zoo/mouse"]),
        (["lion-l"], ["zoo/lion"]),
        (["--task", "roaring"], ["zoo/lion"]),
        (["park/*"], []),
    ],
)
def test_models_can_be_narrowed(run_tk, zoo, words, names):
    ended = run_tk("models", *words, "--json", plugins=[zoo])
    assert [row["name"] for row in json.loads(ended.out)] == names


@pytest.mark.parametrize(
    ("command", "name"),
    [("encoders", "zoo/fur"), ("backends", "zoo/cave"), ("datasets", "zoo/savanna")],
)
def test_every_kind_has_its_listing(run_tk, zoo, command, name):
    assert name in run_tk(command, plugins=[zoo]).out
    (row,) = json.loads(run_tk(command, "--json", plugins=[zoo]).out)
    assert (row["name"], row["target"]) == (name, "a:b")


def test_an_empty_listing_says_so_on_stderr(run_tk):
    ended = run_tk("models")
    assert (ended.code, ended.out) == (0, "")
    assert "no models here" in ended.err
    assert json.loads(run_tk("models", "--json").out) == []

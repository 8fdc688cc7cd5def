import pytest

from tk.testing import assert_manifest

GOOD = """
api = 1
summary = "Animals"
[commands.feed]
target = "tk_zoo.cli:feed"
help = "Feed the animals."
example = "tk feed lion"
"""


def check(make_plugin, manifest):
    make_plugin("zoo", manifest, init="", cli="def feed(): pass")
    return assert_manifest("tk_zoo")


def test_a_complete_manifest_passes(make_plugin):
    assert check(make_plugin, GOOD).plugin == "zoo"


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ('"Animals"', '""', "no summary"),
        ('"Feed the animals."', '""', "no help"),
        ('"tk feed lion"', '"feed lion"', "no example"),
        ("commands.feed", "command.feed", "did you mean 'commands'"),
    ],
)
def test_what_is_missing_is_named(make_plugin, good, bad, reason):
    with pytest.raises(AssertionError, match=reason):
        check(make_plugin, GOOD.replace(good, bad))

import pytest

from tk.errors import NotFoundError, UsageError
from tk_link.dedupe.config import DedupeConfig, split_rule


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cluster": "averge"}, NotFoundError, "clustering 'averge' not found; did you mean"),
        ({"keep": "frist"}, NotFoundError, "keep rule 'frist' not found; did you mean 'first'"),
        ({"types": (("a", "nmae"),)}, NotFoundError, "type 'nmae' not found"),
        ({"types": (("a", "name"), ("a", "org"))}, UsageError, "type names 'a' twice"),
        ({"weights": (("a", 0.0),)}, UsageError, "weight of 'a' is 0.0; it must be above 0"),
        ({"weights": (("a", float("nan")),)}, UsageError, "it must be above 0"),
        ({"k": 0}, UsageError, "k is 0; it must be 1 or more"),
        ({"threads": -1}, UsageError, "threads is -1"),
        ({"max_cluster": 1}, UsageError, "max_cluster is 1; it must be 2 or more"),
        ({"min_prob": 0.0}, UsageError, "min_prob is 0.0; it must lie above 0"),
        ({"on": ()}, UsageError, "on names no column"),
        ({"golden": (("*", "mode"),)}, UsageError, "add --keep golden to merge them"),
        (
            {"keep": "golden", "golden": (("a", "mode"), ("a", "longest"))},
            UsageError,
            "golden names 'a' twice",
        ),
        ({"keep": "golden", "golden": (("a", "longst"),)}, NotFoundError, "did you mean 'longest'"),
        ({"keep": "golden", "golden": (("a", "latest"),)}, UsageError, "latest:modified"),
        ({"keep": "golden", "golden": (("a", "mode:b"),)}, UsageError, "'mode' takes no column"),
    ],
)
def test_what_cannot_be_asked_for(options, error, message):
    with pytest.raises(error, match=message):
        DedupeConfig(**options)


def test_a_rule_may_have_a_column():
    assert split_rule("latest:last: seen") == ("latest", "last: seen")
    assert split_rule("source") == ("source", None)

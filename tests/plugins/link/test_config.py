import dataclasses

import pytest

from tk.errors import UsageError
from tk_link.config import LinkConfig, OutputConfig


def test_defaults_are_valid_and_frozen():
    config = LinkConfig()
    assert (config.how, config.min_prob, config.seed) == ("auto", 0.5, 0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.how = "1:1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"how": "1-1"}, "cardinality '1-1' not found; did you mean '1:1'"),
        ({"ties": "frist"}, "did you mean 'first'"),
        ({"types": (("a", "nmae"),)}, "type 'nmae' not found; did you mean 'name'"),
        ({"types": (("a", "organisation"),)}, r"not found \(text, name, org, address"),
        ({"explain": "yes"}, "explain format 'yes' not found"),
        ({"on": ()}, "on names no column"),
        ({"on": (("a", "b"), ("a", "b"))}, "on names 'a=b' twice"),
        ({"types": (("a", "name"), ("a", "org"))}, "type names 'a' twice"),
        ({"block": ((),)}, "block names no column"),
        ({"weights": (("a", 0.0),)}, "weight of 'a' is 0.0; it must be above 0"),
        ({"weights": (("a", float("nan")),)}, "weight of 'a' is nan"),
        ({"k": 0}, "k is 0; it must be 1 or more"),
        ({"top": -1}, "top is -1"),
        ({"threads": 0}, "threads is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"min_prob": 1.5}, "min_prob is 1.5; it must lie between 0 and 1"),
        ({"min_prob": float("nan")}, "min_prob is nan"),
        ({"precision": 1.0}, "precision is 1.0"),
        ({"review_band": (0.8, 0.2)}, "two rising probabilities"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        LinkConfig(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"join": "lef"}, "join 'lef' not found; did you mean 'left'"), ({"suffix": ""}, "empty")],
)
def test_impossible_outputs_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        OutputConfig(**options)

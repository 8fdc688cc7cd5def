import pytest

from tk import Entry, Kind, UsageError
from tk.detection import by_signature


def entry(name, *patterns):
    return Entry(Kind.MODEL, name, "m:M", plugin="zoo", meta={"detect": list(patterns)})


LION = entry("lion", "mane|crown", "teeth.*.weight")
WHITE_LION = entry("white-lion", "mane", "teeth.*.weight", "!colour")
KEYS = ["mane", "teeth.0.weight", "colour"]


def test_every_pattern_must_match_some_name():
    assert by_signature([LION], KEYS) is LION
    assert by_signature([LION], ["crown", "teeth.1.weight"]) is LION
    assert by_signature([LION], ["mane"]) is None


def test_an_excluded_name_rules_out():
    assert by_signature([LION, WHITE_LION], KEYS) is LION


def test_the_most_detailed_signature_wins():
    assert by_signature([LION, WHITE_LION], KEYS[:2]) is WHITE_LION


def test_two_equal_signatures_ask_for_the_architecture():
    with pytest.raises(UsageError, match="architecture='zoo/lion' or architecture='zoo/tiger'"):
        by_signature([LION, entry("tiger", "mane", "colour")], KEYS)


def test_a_model_without_signature_is_never_meant():
    assert by_signature([entry("ghost")], KEYS) is None

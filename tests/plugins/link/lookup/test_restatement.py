"""Our restatement of the published schemas: as strict as they are, neither more nor less.

The published files are not ours to carry. Give their folder (github.com/reconciliation-api/specs,
0.2/schemas) as TK_RECONCILIATION_SCHEMAS, and thousands of spoiled messages are judged by both.
"""

import os
import random

import pytest
import reconciliation_schemas as schemas
from reconciliation_samples import SAMPLES, spoil

FOLDER = os.environ.get("TK_RECONCILIATION_SCHEMAS")
SPOILED = 2_000
"""Spoiled messages for each schema."""


@pytest.mark.parametrize("name", SAMPLES)
def test_good_messages_pass_and_some_spoiled_ones_do_not(name):
    validator, chance = schemas.ours()[name], random.Random(0)
    for sample in SAMPLES[name]:
        assert not list(validator.iter_errors(sample))
    verdicts = [validator.is_valid(spoil(SAMPLES[name][0], chance)) for _ in range(60)]
    assert {True, False} == set(verdicts)


MINIMAL = {"versions": ["0.2"], "name": "n", "identifierSpace": "i", "schemaSpace": "s"}
CELL = {"meta": [], "rows": {"a": {"p": []}}}
COLUMN = {"id": "p", "name": "P"}
TOLD = {"type": "number", "label": "l", "name": "n"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("manifest", MINIMAL | {"versions": ["0.1"]}),
        ("manifest", MINIMAL | {"documentation": 1234}),
        ("manifest", MINIMAL | {"authentication": {"foo": "bar"}}),
        ("manifest", MINIMAL | {"authentication": {"type": "apiKey", "name": "k", "in": "body"}}),
        ("manifest", MINIMAL | {"authentication": {"type": "basic", "realm": "r"}}),
        ("manifest", MINIMAL | {"defaultTypes": [{"id": "a", "name": "b", "broader": ["c"]}]}),
        ("manifest", MINIMAL | {"suggest": {"type": {"flyout_service_path": "/flyout?id={{id}}"}}}),
        ("manifest", MINIMAL | {"extend": {"property_settings": [TOLD | {"default": "3"}]}}),
        ("manifest", MINIMAL | {"extend": {"property_settings": [TOLD | {"type": "select"}]}}),
        ("reconciliation-query-batch", {"q1": {"limit": 1}}),
        ("reconciliation-query-batch", {"q1": {"properties": []}}),
        ("reconciliation-result-batch", {"q0": {}}),
        ("data-extension-response", CELL | {"rows": {"a": {"p": [{"date": "2020-13-01"}]}}}),
        ("data-extension-response", CELL | {"rows": {"a": {"p": [{"str": "x", "int": 1}]}}}),
        ("data-extension-response", CELL | {"meta": [COLUMN | {"service": "ftp://a"}]}),
        ("data-extension-response", CELL | {"meta": [COLUMN | {"service": "http://a b"}]}),
        ("data-extension-property-proposal", {"properties": [{"id": "p"}]}),
        ("data-extension-query", {"ids": ["a"], "properties": [{"id": "p", "settings": []}]}),
    ],
)  # fmt: skip
def test_bad_messages_are_refused(name, message):
    assert not schemas.ours()[name].is_valid(message)


@pytest.mark.skipif(FOLDER is None, reason="TK_RECONCILIATION_SCHEMAS names no published schemas")
@pytest.mark.parametrize("name", SAMPLES)
def test_spoiled_messages_are_judged_as_the_published_schema_does(name):
    ours, theirs = schemas.ours()[name], schemas.published(FOLDER)[name]
    chance = random.Random(0)
    disputed, refused = [], 0
    for _ in range(SPOILED):
        message = spoil(chance.choice(SAMPLES[name]), chance)
        verdict = theirs.is_valid(message)
        refused += not verdict
        if ours.is_valid(message) != verdict:
            disputed.append(message)
    print(f"{name}: {SPOILED} spoiled, {refused} refused, {len(disputed)} disputed")
    assert not disputed, disputed[:3]

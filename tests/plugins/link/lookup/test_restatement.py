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

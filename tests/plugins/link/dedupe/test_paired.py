"""Households, copies and groups: what the rule that a row has one partner is good for."""

import random

import polars as pl
import pytest
from registers import copied, person

from tk_link.dedupe import paired
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.pipeline import choose_fields, run
from tk_link.dedupe.within import score_within
from tk_link.frames import from_frame
from tk_link.profile import profile
from tk_link.views import build_views


def households(count, *, seed, rows):
    """Make households of two; ``rows(draw)`` says how often a person is written down."""
    draw = random.Random(seed)
    out = []
    for home in range(count):
        one, other = person(draw), person(draw)
        other |= {field: one[field] for field in ("surname", "street", "town")}
        for name in (one, other):
            entity = (home, name["first_name"], name["born"])
            out += [(entity, copied(name, draw)) for _ in range(rows(draw))]
    draw.shuffle(out)
    truth = {
        (low, high)
        for low, (one, _) in enumerate(out)
        for high, (other, _) in enumerate(out[low + 1 :], low + 1)
        if one == other
    }
    return from_frame(pl.DataFrame([row for _, row in out]), "people"), truth


def rates(clustering, truth):
    found = set(clustering.pairs.select("left_row", "right_row").iter_rows())
    return len(found & truth) / len(found), len(found & truth) / len(truth)


def test_people_of_one_household_are_not_taken_for_duplicates():
    table, truth = households(150, seed=1, rows=lambda draw: draw.choice([1, 2, 2]))
    found = run(table, DedupeConfig(threads=1))
    precision, recall = rates(found, truth)
    assert precision > 0.93
    assert recall > 0.9
    assert abs(found.precision - precision) < 0.07


def test_third_copies_are_found_with_the_pairs():
    table, truth = households(150, seed=2, rows=lambda draw: draw.choice([1, 2, 2, 2, 3]))
    precision, recall = rates(run(table, DedupeConfig(threads=1)), truth)
    assert precision > 0.9
    assert recall > 0.85


def learnt(table):
    profiles = profile(table)
    fields, _ = choose_fields(table, profiles, DedupeConfig())
    views = build_views(table, table, fields, profiles, profiles)
    found = score_within(table, fields, views, threads=1)
    return paired.fit(found.pairs, found.features, found.log_odds, seed=0)


@pytest.mark.parametrize(("rows", "is_paired"), [(2, True), (6, False)])
def test_one_partner_is_the_rule_only_where_entities_have_two_rows(rows, is_paired):
    table, _ = households(60, seed=3, rows=lambda draw: rows)
    assert (learnt(table) is not None) == is_paired


def test_too_few_pairs_say_nothing_about_the_size_of_entities():
    table, _ = households(6, seed=4, rows=lambda draw: 2)
    assert learnt(table) is None

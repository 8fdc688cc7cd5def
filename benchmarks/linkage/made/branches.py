"""Branches and their firms: many rows on the left belong to one on the right (m:1)."""

import random

from made.linkset import LinkSet, linked
from made.slips import gap, slip
from make import written_address, written_name  # examples/firms, put on the path by more.py
from register import Firm, firms, moved

PLACES = ("{name} - {city}", "{name}, {city} Branch", "{name} ({city})", "{name} {city} Depot")


def branch_row(firm: Firm, rng: random.Random) -> tuple[str, ...]:
    """Write one branch of `firm`: its name with the town, an address of its own."""
    here = moved(firm, rng)
    name = written_name(firm, rng, care=0.6)
    if rng.random() < 0.6:
        name = rng.choice(PLACES).format(name=name, city=here.city[0])
    street = gap(written_address(here, rng, care=0.6), 0.1, rng)
    return slip(name, 0.05, rng), street, gap(here.city[0], 0.05, rng), here.country.code


def office_row(firm: Firm, rng: random.Random) -> tuple[str, ...]:
    """Write `firm` as its register does."""
    name, street = written_name(firm, rng, care=0.9), written_address(firm, rng, care=0.9)
    return name, street, firm.city[0], firm.country.code, firm.vat_no


def branches(rng: random.Random, *, offices: int, left: int, rate: float) -> LinkSet:
    """Make `left` branches, `rate` of them of one of `offices` listed firms."""
    world = list(enumerate(firms(2 * offices, rng)))
    listed, unlisted = world[:offices], world[offices:]
    # Few firms have many branches: weights fall off with the rank.
    weights = [1 / (rank + 5) for rank in range(offices)]
    known = rng.choices(listed, weights, k=round(left * rate))
    foreign = rng.choices(unlisted, k=left - len(known))
    return linked(
        ("branch", "street", "city", "country"),
        ("company", "head_office", "town", "country_code", "vat_no"),
        [(number, branch_row(firm, rng)) for number, firm in known + foreign],
        [(number, office_row(firm, rng)) for number, firm in listed],
        rng,
        columns=(
            ("branch", "company"),
            ("street", "head_office"),
            ("city", "town"),
            ("country", "country_code"),
        ),
    )

"""Invented firms: who they are, where they sit, and which of them are easily confused."""

import random
import string
from dataclasses import dataclass, replace

from words import (
    COINED_HEADS,
    COINED_TAILS,
    COMPASS,
    COUNTRIES,
    COUNTRY_WEIGHTS,
    NAME_HEADS,
    NAME_TAILS,
    Country,
)


@dataclass(frozen=True)
class Firm:
    """One firm as it really is; registers hold views of it.

    Attributes:
        stem: What tells the firm apart, such as "Calderby and Sons".
        trade: What it does, in words.
        part: The branch of a group, such as "(North)", or "".
        form: The spellings of its legal form.
        city: Name, other name or "", postcode prefix.
    """

    country: Country
    stem: str
    trade: str
    part: str
    form: tuple[str, ...]
    street: str
    number: int
    city: tuple[str, str, str]
    postcode: str
    vat_no: str
    phone: str


def surname(rng: random.Random) -> str:
    return rng.choice(NAME_HEADS) + rng.choice(NAME_TAILS)


def stem(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.35:
        return surname(rng)
    if kind < 0.5:
        return f"{surname(rng)} and {surname(rng)}"
    if kind < 0.6:
        return f"{surname(rng)} Brothers"
    if kind < 0.65:
        return f"{rng.choice(string.ascii_uppercase)}. {surname(rng)} and Company"
    if kind < 0.9:
        return rng.choice(COINED_HEADS) + rng.choice(COINED_TAILS)
    return f"{rng.choice(COMPASS)}{rng.choice(NAME_TAILS)}"


def filled(pattern: str, prefix: str, rng: random.Random) -> str:
    """Fill a postcode pattern: `@` the prefix, `#` a digit, `?` a letter."""
    kinds = {"#": string.digits, "?": "ABDEFGHJLNPQRSTUWXYZ"}
    drawn = (rng.choice(kinds[mark]) if mark in kinds else mark for mark in pattern)
    return "".join(drawn).replace("@", prefix)


def housed(firm: Firm, rng: random.Random) -> Firm:
    """Give `firm` a new street and postcode in its city."""
    return replace(
        firm,
        street=rng.choice(firm.country.streets).format(rng.choice(firm.country.stems)),
        number=rng.randint(1, 240),
        postcode=filled(firm.country.postcode, firm.city[2], rng),
    )


def moved(firm: Firm, rng: random.Random) -> Firm:
    """Move `firm` to a city of its country, often the one it is in."""
    city = firm.city if rng.random() < 0.6 else rng.choice(firm.country.cities)
    return housed(replace(firm, city=city), rng)


def numbered(firm: Firm, rng: random.Random) -> Firm:
    """Give `firm` a tax number and a telephone number of its own."""
    digits = filled("#########", "", rng)
    phone = f"{firm.country.dial} {filled('### ######', '', rng)}"
    return replace(firm, vat_no=firm.country.code + digits, phone=phone)


def founded(rng: random.Random) -> Firm:
    """Invent a firm."""
    country = rng.choices(COUNTRIES, COUNTRY_WEIGHTS)[0]
    city = rng.choice(country.cities)
    form = rng.choice(country.forms)
    trade = rng.choice(country.trades)
    firm = Firm(country, stem(rng), trade, "", form, "", 0, city, "", "", "")
    return numbered(housed(firm, rng), rng)


def relatives(firm: Firm, rng: random.Random) -> list[Firm]:
    """Return other firms that are easily taken for `firm`, and `firm` itself."""
    kind = rng.random()
    if kind < 0.35:  # sister companies, named by compass point, in one building or in two cities
        first, second = rng.sample(COMPASS, 2)
        sister = replace(firm, part=f"({second})")
        if rng.random() < 0.5:
            sister = moved(sister, rng)
        return [replace(firm, part=f"({first})"), numbered(sister, rng)]
    if kind < 0.6:  # a group: the operating firm and its holding at one address
        return [firm, numbered(replace(firm, trade="Holdings"), rng)]
    if kind < 0.8:  # the same building, a different firm
        tenant = replace(firm, stem=stem(rng), trade=rng.choice(firm.country.trades))
        return [firm, numbered(tenant, rng)]
    others = [city for city in firm.country.cities if city != firm.city]
    namesake = replace(firm, city=rng.choice(others))  # the same name in another city
    return [firm, numbered(housed(namesake, rng), rng)]


def firms(count: int, rng: random.Random) -> list[Firm]:
    """Invent `count` different firms, a third of them with a near-duplicate among the others."""
    made: list[Firm] = []
    while len(made) < count:
        firm = founded(rng)
        made += relatives(firm, rng) if rng.random() < 0.2 else [firm]
    rng.shuffle(made)
    return made[:count]

"""Addresses in German and in English: the house number decides, names of columns do not help."""

import random
from dataclasses import dataclass, replace

from made.linkset import LinkSet, linked
from made.slips import gap, slip

CITIES = (
    ("München", "Munich", "80", "Deutschland", "Germany"),
    ("Köln", "Cologne", "50", "Deutschland", "Germany"),
    ("Nürnberg", "Nuremberg", "90", "Deutschland", "Germany"),
    ("Hannover", "Hanover", "30", "Deutschland", "Germany"),
    ("Bremen", "Bremen", "28", "Deutschland", "Germany"),
    ("Wien", "Vienna", "1", "Österreich", "Austria"),
    ("Genf", "Geneva", "12", "Schweiz", "Switzerland"),
    ("Zürich", "Zurich", "80", "Schweiz", "Switzerland"),
)
POSTCODE_DIGITS = {"Germany": 5, "Austria": 4, "Switzerland": 4}
STEMS = (
    "Linden|Mühl|Bahnhof|Kirch|Schloss|Garten|Rosen|Berg|Wald|Wiesen|Schul|Markt|Brücken|König|"
    "Ahorn|Birken|Buchen|Eichen|Goethe|Schiller|Mozart|Beethoven|Haydn|Wagner|Brahms|Luther"
)
ENDS = ("straße", "weg", "gasse", "allee", "platz", "ring", "steig", "damm")
FOLDS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ö": "Oe", "Ü": "Ue"})
BARE = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "Ö": "O", "Ü": "U"})


@dataclass(frozen=True)
class Address:
    """One door."""

    street: str
    number: str
    postcode: str
    city: tuple[str, str, str, str, str]


def address(rng: random.Random) -> Address:
    city = rng.choice(CITIES)
    more = POSTCODE_DIGITS[city[4]] - len(city[2])
    postcode = city[2] + "".join(rng.choices("0123456789", k=more))
    return Address(rng.choice(STEMS.split("|")) + rng.choice(ENDS), number(rng), postcode, city)


def number(rng: random.Random) -> str:
    return f"{rng.randint(1, 180)}{rng.choice(('', '', '', '', 'a', 'b'))}"


def addresses(count: int, rng: random.Random) -> list[Address]:
    """Return `count` different doors; a third are next door to another of the list."""
    made: dict[Address, None] = {}
    while len(made) < count:
        door = address(rng)
        made[door] = None
        if rng.random() < 0.35:
            made[replace(door, number=number(rng))] = None
    doors = list(made)[:count]
    rng.shuffle(doors)
    return doors


def german_row(door: Address, rng: random.Random) -> tuple[str, ...]:
    """Write `door` in columns of their own, as a German office does."""
    street = door.street.replace("straße", "str.") if rng.random() < 0.4 else door.street
    return (
        slip(street, 0.05, rng),
        door.number,
        gap(door.postcode, 0.05, rng),
        door.city[0],
        door.city[3],
    )


def english_row(door: Address, rng: random.Random) -> tuple[str, ...]:
    """Write `door` in one line and English names, accents folded in one of two ways."""
    street = door.street.translate(rng.choice((FOLDS, BARE)))
    line = f"{door.number} {street}" if rng.random() < 0.6 else f"{street} {door.number}"
    if rng.random() < 0.15:
        line = f"Flat {rng.randint(1, 20)}, {line}"
    town = door.city[1] if rng.random() < 0.7 else door.city[0].translate(FOLDS)
    return slip(line, 0.1, rng), town, gap(door.postcode, 0.12, rng), gap(door.city[4], 0.1, rng)


def german_english(rng: random.Random, *, left: int, right: int, rate: float) -> LinkSet:
    """Make two address lists; `rate` of the left doors stand in the right list too."""
    shared = round(left * rate)
    doors = addresses(left + right - shared, rng)
    return linked(
        ("strasse", "hausnummer", "plz", "ort", "land"),
        ("address", "town", "postal_code", "country"),
        [(door, german_row(door, rng)) for door in doors[:left]],
        [(door, english_row(door, rng)) for door in (*doors[:shared], *doors[left:])],
        rng,
        columns=(
            ("strasse+hausnummer", "address"),
            ("plz", "postal_code"),
            ("ort", "town"),
            ("land", "country"),
        ),
    )

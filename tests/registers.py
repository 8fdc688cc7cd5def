"""Made registers of people for end-to-end tests: two tables, the true pairs known."""

import random
from dataclasses import dataclass

import polars as pl

FIRST = ["Anna", "Bernd", "Carla", "Dieter", "Elena", "Felix", "Greta", "Hanno", "Irene", "Jakob",
         "Klara", "Lukas", "Marta", "Niels", "Olga", "Paul", "Quentin", "Rosa", "Simon", "Tilda",
         "Ulrich", "Vera", "Walter", "Xenia", "Yannick", "Zoe", "Amir", "Bela", "Chiara",
         "Dunja"]  # fmt: skip
PARTS = ["Al", "Ber", "Chris", "Dor", "El", "Fen", "Gar", "Hol", "Ing", "Jor", "Kel", "Lan",
         "Mor", "Nor", "Os", "Pet", "Quin", "Ros", "Sten", "Tor"]  # fmt: skip
ENDS = ["berg", "sen", "mann", "holt", "wick", "ton", "dahl", "stein", "feld", "ini"]
TOWNS = ["Oslo", "Rome", "Bonn", "Kiel", "Bern", "Lyon", "Graz", "Porto", "Gent", "Cork"]
STREETS = ["Mill", "High", "Station", "Church", "Garden", "Bridge", "Castle", "Meadow"]


@dataclass(frozen=True)
class Registers:
    """Two tables and their true pairs of rows."""

    left: pl.DataFrame
    right: pl.DataFrame
    truth: frozenset[tuple[int, int]]


def person(draw: random.Random) -> dict[str, str]:
    return {
        "first_name": draw.choice(FIRST),
        "surname": draw.choice(PARTS) + draw.choice(ENDS),
        "born": f"{draw.randint(1930, 2005)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
        "street": f"{draw.choice(STREETS)} Street {draw.randint(1, 180)}",
        "town": draw.choice(TOWNS),
    }


def slipped(text: str, draw: random.Random) -> str:
    at = draw.randrange(max(len(text) - 1, 1))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def copied(row: dict[str, str], draw: random.Random) -> dict[str, str | None]:
    """Write a person down again: here a slip, there nothing, now and then a move."""
    out: dict[str, str | None] = dict(row)
    if draw.random() < 0.3:
        field = draw.choice(["first_name", "surname", "street"])
        out[field] = slipped(row[field], draw)
    if draw.random() < 0.2:
        out[draw.choice(["born", "street", "town"])] = None
    if draw.random() < 0.1:
        moved = person(draw)
        out["street"], out["town"] = moved["street"], moved["town"]
    return out


def registers(
    shared: int, left_only: int, right_only: int, *, copies: int = 1, seed: int = 0
) -> Registers:
    """Make two registers; each shared right row has ``copies`` left rows."""
    draw = random.Random(seed)
    people = [person(draw) for _ in range(shared)]
    left = [(n, copied(p, draw)) for n, p in enumerate(people) for _ in range(copies)]
    left += [(-1, person(draw)) for _ in range(left_only)]
    right = [(n, dict(p)) for n, p in enumerate(people)]
    right += [(-2, person(draw)) for _ in range(right_only)]
    draw.shuffle(left)
    draw.shuffle(right)
    place = {n: row for row, (n, _) in enumerate(right)}
    return Registers(
        pl.DataFrame([row for _, row in left]),
        pl.DataFrame([row for _, row in right]),
        frozenset((row, place[n]) for row, (n, _) in enumerate(left) if n in place),
    )

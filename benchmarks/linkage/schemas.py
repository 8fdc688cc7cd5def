"""Measure tk on tables of other schemas: columns renamed, joined, split, respelled.

    python benchmarks/linkage/schemas.py --data DIR [--only name,…]

Each line changes one table of a data set and compares F1 with that of the tables as they are. No
option is given to tk. The changes lose nothing but where one value ends and the next begins. Units
are changed in a made table of parts, because no shared table has any.
"""

import argparse
import random
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from scoring import score

from tk_link import link

KINDS = ["bolt", "screw", "washer", "bracket", "hinge", "spacer", "bushing", "rivet", "clamp"]
SYLLABLES = ["ka", "lo", "mi", "ter", "van", "dor", "sel", "bru", "tan", "gor", "pel", "nix"]
Change = Callable[[pl.DataFrame], pl.DataFrame]

DOB = pl.col("dob").str.to_date("%Y-%m-%d", strict=False)
GERMAN = {
    "first_name": "vorname", "surname": "nachname", "dob": "geburtsdatum", "address": "straße",
    "city": "ort", "postcode": "plz", "email": "e-mail",
}  # fmt: skip
MONTHS = {
    "January": "Januar", "February": "Februar", "March": "März", "May": "Mai", "June": "Juni",
    "July": "Juli", "October": "Oktober", "December": "Dezember",
}  # fmt: skip
FRENCH = {
    "first_name": "prénom", "surname": "nom", "dob": "date_de_naissance", "address": "adresse",
    "city": "ville", "postcode": "code_postal", "email": "courriel",
}  # fmt: skip
SPANISH = {
    "first_name": "nombre", "surname": "apellidos", "dob": "fecha_nac", "address": "domicilio",
    "city": "localidad", "postcode": "cp", "email": "correo",
}  # fmt: skip


def joined(name: str, *columns: str, by: str = " ") -> Change:
    """Join columns into one."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        text = pl.concat_str(columns, separator=by, ignore_nulls=True)
        value = pl.when(text.str.contains(r"\w")).then(text).alias(name)
        return frame.with_columns(value).select(
            *dict.fromkeys(name if c in columns else c for c in frame.columns)
        )

    return change


def renamed(names: dict[str, str]) -> Change:
    return lambda frame: frame.rename(names, strict=False)


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Give columns names that say nothing."""
    return frame.rename({c: f"F{n}" for n, c in enumerate(frame.columns) if c != "id"})


def spelled(column: str, value: pl.Expr) -> Change:
    return lambda frame: frame.with_columns(value.alias(column))


def converted(column: str, factor: float) -> Change:
    value = pl.col(column).cast(pl.Float64) * factor
    return spelled(column, value.round_sig_figs(4).cast(pl.String))


def after(*changes: Change) -> Change:
    def change(frame: pl.DataFrame) -> pl.DataFrame:
        for each in changes:
            frame = each(frame)
        return frame

    return change


full_name = joined("name", "first_name", "surname")
whole_address = joined("address", "address", "city", "postcode", by=", ")
PEOPLE: dict[str, Change] = {
    "full name": full_name,
    "Surname, First": joined("person", "surname", "first_name", by=", "),
    "one address": whole_address,
    "one address under another name": after(
        joined("anschrift", "postcode", "city", "address", by=" ")
    ),
    "names in German": renamed(GERMAN),
    "names in French": renamed(FRENCH),
    "names in Spanish": renamed(SPANISH),
    "names that say nothing": numbered,
    "dates 18.02.1987": spelled("dob", DOB.dt.strftime("%d.%m.%Y")),
    "dates 02/18/1987": spelled("dob", DOB.dt.strftime("%m/%d/%Y")),
    "dates 18 February 1987": spelled("dob", DOB.dt.strftime("%d %B %Y")),
    "dates 18-Feb-87": spelled("dob", DOB.dt.strftime("%d-%b-%y")),
    "dates 18. Februar 1987": spelled("dob", DOB.dt.strftime("%d. %B %Y").str.replace_many(MONTHS)),
    "all in German": after(
        joined("name", "surname", "first_name", by=", "),
        joined("anschrift", "address", "postcode", "city", by=", "),
        spelled("dob", DOB.dt.strftime("%d.%m.%Y")),
        renamed(GERMAN),
    ),
    "all, names that say nothing": after(full_name, whole_address, numbered),
}
RESTAURANTS: dict[str, Change] = {
    "one address": joined("address", "addr", "city", by=", "),
    "all but the type in one": joined("restaurant", "name", "addr", "city", "phone", by=", "),
    "house number apart": lambda frame: frame.with_columns(
        number=pl.col("addr").str.extract(r"^(\d+)"),
        street=pl.col("addr").str.replace(r"^\d+\s*", ""),
    ).drop("addr"),
    "names in German": renamed(
        {"name": "bezeichnung", "addr": "anschrift", "city": "stadt", "phone": "telefon",
         "type": "art"}
    ),
    "names that say nothing": numbered,
}  # fmt: skip
PARTS: dict[str, Change] = {
    "kilograms": converted("weight", 0.001),
    "pounds and inches": after(converted("weight", 1 / 453.592), converted("length", 1 / 25.4)),
    "pounds and inches, names in German": after(
        converted("weight", 1 / 453.592),
        converted("length", 1 / 25.4),
        renamed({"part": "teil", "weight": "gewicht", "length": "länge", "price": "preis"}),
    ),
    "inches, names that say nothing": after(converted("length", 1 / 25.4), numbered),
}
CHANGES = {"people_10000": PEOPLE, "fodors-zagats": RESTAURANTS, "parts (made)": PARTS}


def parts(rows: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame, set[tuple[str, str]]]:
    """Make two lists of parts: several of one name, told apart by weight, length and price."""
    rng = random.Random(seed)
    makers = ["".join(pair) for pair in permutations(SYLLABLES, 2)]
    names = [f"{rng.choice(makers)} {rng.choice(makers)} {kind}" for kind in KINDS * (rows // 25)]

    def row(n: int) -> tuple[str, str, str, str, str]:
        length = rng.uniform(5, 400)
        weight = length * rng.uniform(0.2, 9)
        return (
            f"{n}",
            rng.choice(names),
            f"{weight:.1f}",
            f"{length:.1f}",
            f"{weight / 9 + rng.uniform(1, 50):.2f}",
        )

    columns = ["id", "part", "weight", "length", "price"]
    left = pl.DataFrame([row(n) for n in range(rows)], columns, orient="row")
    kept = left.sample(fraction=0.7, seed=seed, shuffle=True)
    strangers = pl.DataFrame([row(rows + n) for n in range(rows // 3)], columns, orient="row")
    price = (pl.col("price").cast(pl.Float64) * 1.04).round(2).cast(pl.String)
    right = pl.concat([kept.with_columns(price, pl.col("part").str.to_uppercase()), strangers])
    right = right.with_columns(id="R" + pl.col("id"))
    return left, right, {(n, f"R{n}") for n in kept["id"]}


def tables(data: Path, name: str) -> tuple[pl.DataFrame, pl.DataFrame, set[tuple[str, str]]]:
    if name == "parts (made)":
        return parts(900, seed=0)
    left, right, matches = (
        pl.read_csv(data / name / f"{part}.csv", infer_schema=False)
        for part in ("left", "right", "matches")
    )
    return left, right, set(matches.iter_rows())


def f1(left: pl.DataFrame, right: pl.DataFrame, gold: set[tuple[str, str]]) -> float:
    found = link(left, right, left_id="id", right_id="id", pairs=True)
    return score(dict.fromkeys(found.select("left_id", "right_id").iter_rows()), gold).f1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(CHANGES)
    table = Table("data", "change of the", "change", "F1 as is", "F1 changed", "difference")
    for name in chosen:
        left, right, gold = tables(options.data, name)
        base = f1(left, right, gold)
        for said, change in CHANGES[name].items():
            for side in ("right", "left"):
                pair = (change(left), right) if side == "left" else (left, change(right))
                found = f1(*pair, gold)
                table.add_row(
                    name, side, said, f"{base:.3f}", f"{found:.3f}", f"{found - base:+.3f}"
                )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()

"""Measure tk on tables of other schemas: the same rows, with columns renamed, joined, split, respelled.

    python benchmarks/linkage/schemas.py --data DIR [--only name,…]

Each line changes one table of a shared data set and compares F1 with that of the tables as they
are. No option is given to tk. The changes lose nothing but where one value ends and the next begins.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from scoring import score

from tk_link import link

Change = Callable[[pl.DataFrame], pl.DataFrame]

DOB = pl.col("dob").str.to_date("%Y-%m-%d", strict=False)
GERMAN = {
    "first_name": "vorname", "surname": "nachname", "dob": "geburtsdatum", "address": "straße",
    "city": "ort", "postcode": "plz", "email": "e-mail",
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


def number(column: str) -> pl.Expr:
    return pl.col(column).str.extract(r"(\d+(?:\.\d+)?)").cast(pl.Float64)


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
BEERS: dict[str, Change] = {
    "strength as a fraction": spelled("ABV", (number("ABV") / 100).round(4).cast(pl.String)),
    "strength in permille": spelled("ABV", (number("ABV") * 10).round(1).cast(pl.String) + " ‰"),
    "names in German": renamed(
        {"Beer_Name": "Biername", "Brew_Factory_Name": "Brauerei", "Style": "Sorte",
         "ABV": "Alkoholgehalt"}
    ),
}  # fmt: skip
CHANGES = {"people_10000": PEOPLE, "fodors-zagats": RESTAURANTS, "beer": BEERS}


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
        folder = options.data / name
        left, right, matches = (
            pl.read_csv(folder / f"{part}.csv", infer_schema=False)
            for part in ("left", "right", "matches")
        )
        gold = set(matches.iter_rows())
        base = f1(left, right, gold)
        for said, change in CHANGES[name].items():
            for side in ("right", "left"):
                tables = (change(left), right) if side == "left" else (left, change(right))
                found = f1(*tables, gold)
                table.add_row(
                    name, side, said, f"{base:.3f}", f"{found:.3f}", f"{found - base:+.3f}"
                )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()

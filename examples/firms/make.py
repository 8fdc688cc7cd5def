"""Make two company registers and the list of firms that stand in both.

    python examples/firms/make.py                              # remakes the committed files
    python examples/firms/make.py OUTDIR --left 4000 --right 4500 --rate 0.3 --seed 7

The same seed writes the same bytes.
"""

import argparse
import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from noise import abbreviate, fold, typo
from register import Firm, firms, moved
from words import ABBREVIATIONS, STREET_ABBREVIATIONS

LEFT = ("company_id", "company_name", "street", "city", "postcode", "country", "vat_no")
RIGHT = ("ref", "name", "address", "town", "zip", "country_code", "phone")


def written_name(firm: Firm, rng: random.Random, *, care: float) -> str:
    """Write the name of `firm` as a register with `care` (0 none, 1 full) would."""
    form = firm.form[0] if rng.random() < care else rng.choice((*firm.form, ""))
    joiner = "" if form.startswith(",") else " "
    trade = "" if rng.random() > care + 0.5 else firm.trade
    core = " ".join(word for word in (firm.stem, trade, firm.part) if word)
    if rng.random() > care:
        core = abbreviate(core, ABBREVIATIONS, rng)
    if rng.random() > care + 0.3:
        core = fold(core)
    if rng.random() > care + 0.4:
        core = typo(core, rng)
    name = f"{core}{joiner if form else ''}{form}"
    return name.upper() if rng.random() > care + 0.4 else name


def written_address(firm: Firm, rng: random.Random, *, care: float) -> str:
    """Write street and number in the order of the firm's country."""
    street = firm.street
    if rng.random() > care:
        street = fold(abbreviate(street, STREET_ABBREVIATIONS, rng))
    if rng.random() > care + 0.35:
        street = typo(street, rng)
    after = firm.country.code in {"DE", "NL", "ES"}
    line = f"{street} {firm.number}" if after else f"{firm.number} {street}"
    if rng.random() > care + 0.4:
        line = f"{rng.choice(('Unit', 'Suite', 'Floor'))} {rng.randint(1, 9)}, {line}"
    return line


def emptied(row: Sequence[str], rates: Iterable[float], rng: random.Random) -> list[str]:
    """Leave out each value with its rate; the id always stays."""
    return [
        row[0],
        *("" if rng.random() < rate else v for v, rate in zip(row[1:], rates, strict=True)),
    ]


def left_row(number: int, firm: Firm, rng: random.Random) -> list[str]:
    """Write `firm` as the trade register does: with care, seldom with a gap."""
    row = (
        f"{number:06d}",
        written_name(firm, rng, care=0.85),
        written_address(firm, rng, care=0.9),
        firm.city[0],
        firm.postcode,
        firm.country.name,
        firm.vat_no,
    )
    return emptied(row, (0, 0.03, 0.02, 0.05, 0.02, 0.15), rng)


def right_row(number: int, firm: Firm, rng: random.Random) -> list[str]:
    """Write `firm` as a bought mailing list does: shortened, mistyped, sometimes out of date."""
    seen = moved(firm, rng) if rng.random() < 0.12 else firm
    town = seen.city[1] if seen.city[1] and rng.random() < 0.4 else seen.city[0]
    row = (
        f"{number:07d}",
        written_name(seen, rng, care=0.4),
        written_address(seen, rng, care=0.4),
        fold(town) if rng.random() < 0.2 else town,
        seen.postcode.replace(" ", "") if rng.random() < 0.2 else seen.postcode,
        seen.country.code,
        seen.phone,
    )
    return emptied(row, (0, 0.08, 0.05, 0.10, 0.03, 0.20), rng)


def numbers(count: int, step: int, rng: random.Random) -> list[int]:
    """Draw `count` different numbers, unsorted; most begin with zeros once padded."""
    return rng.sample(range(1, count * step), count)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([header, *rows])


def make(folder: Path, *, left: int, right: int, rate: float, seed: int) -> int:
    """Write `left.csv`, `right.csv` and `matches.csv` into `folder`.

    Args:
        folder: Where to write; made when absent.
        left: Rows of the left register.
        right: Rows of the right register.
        rate: Share of the left firms that stand in the right register too.
        seed: Decides everything.

    Returns:
        How many firms stand in both registers.
    """
    rng = random.Random(seed)
    shared = round(left * rate)
    if shared > right:
        raise SystemExit(f"{shared} shared firms do not fit into {right} right rows")
    world = firms(left + right - shared, rng)
    both, only_left, only_right = world[:shared], world[shared:left], world[left:]
    left_ids, right_ids = numbers(left, 40, rng), numbers(right, 300, rng)
    gold = [(f"{a:06d}", f"{b:07d}") for a, b in zip(left_ids, right_ids[:shared], strict=False)]
    left_rows = [
        left_row(number, firm, rng) for number, firm in zip(left_ids, both + only_left, strict=True)
    ]
    right_rows = [
        right_row(number, firm, rng)
        for number, firm in zip(right_ids, both + only_right, strict=True)
    ]
    for rows in (left_rows, right_rows, gold):
        rng.shuffle(rows)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "left.csv", LEFT, left_rows)
    write_csv(folder / "right.csv", RIGHT, right_rows)
    write_csv(folder / "matches.csv", ("left_id", "right_id"), gold)
    return shared


def main() -> None:
    parser = argparse.ArgumentParser(description="Make two company registers and their gold.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--left", type=int, default=400)
    parser.add_argument("--right", type=int, default=450)
    parser.add_argument("--rate", type=float, default=0.6)
    parser.add_argument("--seed", type=int, default=2024)
    args = parser.parse_args()
    shared = make(args.folder, left=args.left, right=args.right, rate=args.rate, seed=args.seed)
    print(f"{args.folder}: {args.left} and {args.right} rows, {shared} matches")


if __name__ == "__main__":
    main()

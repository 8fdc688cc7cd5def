"""Make dedupe tasks of link tasks: both tables under one another, with further copies if wanted.

    python benchmarks/linkage/stacked.py DIR OUTDIR [--only name,…] [--copied 0.1 --copies 1]

Columns are united as `tk link` pairs them. ``--copied`` is the share of matched entities that get
``--copies`` more rows, each cell from a random row of the entity and a slip in one of them.
"""

import argparse
import csv
import random
from pathlib import Path

from tk_link.config import LinkConfig
from tk_link.pipeline import prepare
from tk_link.reading import read_table

Row = dict[str, str]


def stacked(folder: Path) -> tuple[list[Row], list[list[str]]]:
    """Return the rows of both tables, ids made distinct, and the entities of two rows."""
    left, right = (read_table(str(folder / f"{side}.csv")) for side in ("left", "right"))
    left, right, _, aligned = prepare(left, right, LinkConfig())
    rows = []
    for mark, table in (("L", left), ("R", right)):
        names = [field.left if mark == "L" else field.right for field in aligned.fields]
        for cells in table.text.iter_rows(named=True):
            row = {"id": mark + cells[table.columns[0]]}
            row |= {
                f.left: cells[name] or "" for f, name in zip(aligned.fields, names, strict=True)
            }
            rows.append(row)
    with (folder / "matches.csv").open(encoding="utf-8", newline="") as lines:
        pairs = list(csv.reader(lines))[1:]
    return rows, [["L" + one, "R" + other] for one, other, *_ in pairs]


def add_copies(
    rows: list[Row], entities: list[list[str]], share: float, count: int, draw: random.Random
) -> None:
    """Write some entities down again and again."""
    by_id = {row["id"]: row for row in rows}
    for members in entities:
        for number in range(count if draw.random() < share else 0):
            row = {name: by_id[draw.choice(members)][name] for name in rows[0]}
            slipped = draw.choice([name for name in row if name != "id"])
            row |= {"id": f"C{number}{members[0]}", slipped: slip(row[slipped], draw)}
            by_id[row["id"]] = row
            rows.append(row)
            members.append(row["id"])
    draw.shuffle(rows)


def slip(text: str, draw: random.Random) -> str:
    """Drop, change or add one letter."""
    at, letter = draw.randrange(max(len(text), 1)), draw.choice("abcdefghijklmnopqrstuvwxyz")
    return text[:at] + draw.choice(["", letter, letter + text[at : at + 1]]) + text[at + 1 :]


def write(folder: Path, rows: list[Row], entities: list[list[str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "left.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    with (folder / "matches.csv").open("w", encoding="utf-8", newline="") as lines:
        gold = csv.writer(lines)
        gold.writerow(["left_id", "right_id"])
        for members in entities:
            gold.writerows((a, b) for n, a in enumerate(members) for b in members[n + 1 :])


def main() -> None:
    parser = argparse.ArgumentParser(description="Make dedupe tasks of link tasks.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="", help="names of data sets, separated by commas")
    parser.add_argument("--copied", type=float, default=0.0, help="share of entities, 0..1")
    parser.add_argument("--copies", type=int, default=1, help="further rows of each of them")
    args = parser.parse_args()
    for right in sorted(args.data.glob("*/right.csv")):
        name = right.parent.name
        if args.only and name not in args.only.split(","):
            continue
        rows, entities = stacked(right.parent)
        add_copies(rows, entities, args.copied, args.copies, random.Random(0))
        write(args.out / name, rows, entities)


if __name__ == "__main__":
    main()

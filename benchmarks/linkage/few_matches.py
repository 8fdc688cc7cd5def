"""Write link sets in which few rows or none have a match, and distinct things look alike.

    python benchmarks/linkage/few_matches.py OUTDIR [--people DIR …] [--seed 9000]
    python benchmarks/linkage/coverage.py OUTDIR

Firms with sisters, papers with journal versions, families of products, neighbouring doors, random
words, and people of one household. ``--people`` names folders of `gen_people.py`, of whose matches
a share is kept. A set's name says its kind, its left rows, and the percentage of them that have a
match. The same seeds write the same bytes; `docs/link/method.md` was decided on other seeds (501 to
1009).
"""

import argparse
import random
import sys
from collections.abc import Callable
from pathlib import Path

FIRMS = Path(__file__).parents[2] / "examples" / "firms"
sys.path.insert(0, str(FIRMS))  # the firms are made by the example's own script

from made.addresses import german_english  # noqa: E402
from made.citations import citations  # noqa: E402
from made.linkset import LinkSet, load, save, thinned  # noqa: E402
from made.products import products  # noqa: E402
from made.words import words  # noqa: E402
from make import make as make_firms  # noqa: E402

Maker = Callable[..., LinkSet]
MADE: dict[str, Maker] = {
    "papers": citations,
    "products": products,
    "doors": german_english,
    "words": words,
}
SIZES = ((250, 260), (2000, 2100))
RATES = (0.0, 0.02, 0.1, 0.3)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write link sets with few matches.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=Path, nargs="*", default=[], help="link sets of people")
    parser.add_argument("--seed", type=int, default=9000, help="of the first set")
    args = parser.parse_args()
    for number, rate in enumerate(RATES):
        percent = f"{rate:.0%}".rstrip("%")
        for left, right in SIZES:
            seed = args.seed + 10 * number + (left > 1000)
            name = f"{left}-{percent}pct"
            firms = args.out / f"firms-{name}"
            make_firms(firms, left=left, right=right, rate=rate, seed=seed)
            for kind, make in MADE.items():
                made = make(random.Random(seed), left=left, right=right, rate=rate)
                save(made, args.out / f"{kind}-{name}")
        for folder in args.people:
            full = load(folder)
            kept = rate * len(full.left) / max(len(full.gold), 1)
            few = thinned(full, min(kept, 1.0), random.Random(args.seed + number))
            save(few, args.out / f"{folder.name}-{percent}pct")


if __name__ == "__main__":
    main()

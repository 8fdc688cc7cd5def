"""Two bibliographies of made papers: full and abbreviated, with journal versions as near-misses."""

import random
from dataclasses import dataclass, replace

from made.linkset import LinkSet, linked
from made.slips import gap, slip

GIVEN = ("Anna", "Bruno", "Clara", "Dmitri", "Elena", "Farid", "Greta", "Hiro", "Ines", "Jonas")
HEADS = ("Ber", "Cas", "Del", "Fer", "Gru", "Hal", "Kov", "Lim", "Mor", "Nak", "Ros", "Sil", "Van")
TAILS = ("ari", "berg", "caro", "dov", "elli", "gaard", "ida", "kova", "man", "oto", "sen", "ska")
VENUES = (
    ("International Conference on Data Systems", "Int. Conf. Data Syst.", "ICDS"),
    ("Symposium on Foundations of Query Processing", "Symp. Found. Query Proc.", "FQP"),
    ("Workshop on Learning and Storage", "Worksh. Learn. Storage", "WLS"),
    ("European Conference on Information Networks", "Eur. Conf. Inf. Netw.", "ECIN"),
    ("Journal of Large Databases", "J. Large Databases", "JLD"),
    ("Transactions on Knowledge Engineering", "Trans. Knowl. Eng.", "TKE"),
)
JOURNALS = VENUES[4:]
HOW = "Adaptive|Scalable|Incremental|Approximate|Distributed|Robust|Efficient|Parallel|Online|Lazy"
WHAT = (
    "Join Processing|View Maintenance|Query Optimization|Index Structures|Schema Matching|"
    "Duplicate Detection|Stream Aggregation|Transaction Recovery|Similarity Search|"
    "Workload Forecasting|Graph Traversal|Data Cleaning|Cache Invalidation|Cost Estimation"
)
WHERE = (
    "Sensor Networks|Main-Memory Databases|Data Warehouses|Spatial Data|the Semantic Web|"
    "Multi-Tenant Clouds|XML Documents|Time Series|Peer-to-Peer Systems|Column Stores|"
    "Federated Sources|Uncertain Data|Text Collections|Mobile Clients"
)
FRAMES = ("{0} {1} for {2}", "{0} {1} in {2}", "Towards {0} {1} over {2}", "On {0} {1} with {2}")
SYSTEMS = "Argo|Borealis|Cinder|Delphi|Ember|Fjord|Garnet|Heron|Indigo|Juniper|Kestrel|Lumen"


@dataclass(frozen=True)
class Paper:
    """One publication."""

    title: str
    authors: tuple[tuple[str, str], ...]
    venue: tuple[str, str, str]
    year: int
    page: int


def paper(rng: random.Random) -> Paper:
    """Invent a paper; one in three names its system in front."""
    words = [rng.choice(choice.split("|")) for choice in (HOW, WHAT, WHERE)]
    title = rng.choice(FRAMES).format(*words)
    if rng.random() < 0.35:
        title = f"{rng.choice(SYSTEMS.split('|'))}: {title}"
    authors = tuple(
        (rng.choice(GIVEN), rng.choice(HEADS) + rng.choice(TAILS))
        for _ in range(rng.choice((1, 2, 2, 3, 4)))
    )
    return Paper(title, authors, rng.choice(VENUES), rng.randint(1994, 2012), rng.randint(1, 900))


def papers(count: int, rng: random.Random) -> list[Paper]:
    """Invent `count` papers; one in ten comes out again, extended, in a journal."""
    made: list[Paper] = []
    while len(made) < count:
        first = paper(rng)
        made.append(first)
        if rng.random() < 0.1 and first.venue not in JOURNALS:
            later = first.year + rng.randint(1, 2)
            made.append(
                replace(first, venue=rng.choice(JOURNALS), year=later, page=rng.randint(1, 900))
            )
    rng.shuffle(made)
    return made[:count]


def full_row(item: Paper, rng: random.Random) -> tuple[str, ...]:
    """Write `item` with full names."""
    authors = ", ".join(" ".join(author) for author in item.authors)
    pages = f"{item.page}-{item.page + 12}"
    return slip(item.title, 0.03, rng), authors, item.venue[0], str(item.year), pages


def short_row(item: Paper, rng: random.Random) -> tuple[str, ...]:
    """Write `item` with initials, an abbreviated venue, sometimes a wrong year."""
    shown = item.authors if rng.random() < 0.8 else item.authors[:1]
    authors = "; ".join(f"{last}, {given[0]}." for given, last in shown)
    if len(shown) < len(item.authors):
        authors += " et al."
    title = slip(item.title, 0.15, rng)
    if rng.random() < 0.1:
        title = title.split(": ")[-1]
    if rng.random() < 0.3:
        title = title.lower()
    year = item.year + (rng.choice((-1, 1)) if rng.random() < 0.08 else 0)
    venue = rng.choice(item.venue[1:])
    pages = gap(f"pp. {item.page}--{item.page + 12}", 0.5, rng)
    return authors, title, gap(f"{venue} {year}", 0.1, rng), gap(str(year), 0.15, rng), pages


def citations(rng: random.Random, *, left: int, right: int, rate: float) -> LinkSet:
    """Make two bibliographies; `rate` of the left papers stand in the right one too."""
    shared = round(left * rate)
    world = papers(left + right - shared, rng)
    numbered = list(enumerate(world))
    return linked(
        ("title", "authors", "venue", "year", "pages"),
        ("author", "title", "booktitle", "date", "pp"),
        [(n, full_row(p, rng)) for n, p in numbered[:left]],
        [(n, short_row(p, rng)) for n, p in (*numbered[:shared], *numbered[left:])],
        rng,
        columns=(
            ("title", "title"),
            ("authors", "author"),
            ("venue", "booktitle"),
            ("year", "date"),
            ("pages", "pp"),
        ),
    )

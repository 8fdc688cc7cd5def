"""Candidates for tables too large to compare every text: several cheap passes, each a hash join.

A pass joins the rows that agree on one form of a field (`tk_link.forms`), or on two forms at once,
and keeps only values rare enough to mean something: a name shared by thousands proposes nothing,
the same name with the same town does. No rule is written by hand: which passes run is learnt from
pairs that are probably matches (`tk_link.likely`), and which values count is decided one by one
from their frequencies. A value that many rows hold may be a common one, or one entity written down
many times: such values propose too where most pairs that hold them are plainly near by text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tk_link.fields import Field
from tk_link.forms import Form, forms_of
from tk_link.likely import PLAIN, Likely, recall_of
from tk_link.linkage import Recall
from tk_link.ngrams import VectorPair
from tk_link.tables import Table
from tk_link.views import comparable, spelled

_MOST_FIELDS = 8
"""The most identifying fields alone make passes."""
MOST_PAIRS = 12
"""A value proposes pairs while left rows times right rows that hold it stay within this. On made
people, 30 finds 0.2% more of the true pairs with 1.7 times the candidates."""
_BANDS = (MOST_PAIRS, 25, 50, 100, 200, 400)
"""Frequencies beyond, as such products, each tried as a whole; 400 are one entity of twenty rows on
each side, twice what a search of all texts finds of one."""
_VALUES, _PAIRS_EACH = 50, 4
"""Values of a band that are looked at, and pairs of each."""
_MOSTLY = 0.5
"""Share of a band's pairs that must be plainly near: more are of one entity than are not."""
FEWEST_LIKELY = 30
"""Likely pairs below which nothing is learnt from them, and every exact pass runs."""
AGAIN = 0.35
"""Worth of finding a likely pair once more: one that a single pass finds stands for others that it
misses. Among a million people 0.25 finds 98.1% of the true pairs among 2.5 million candidates, 0.35
98.6% among 2.7 and 0.45 98.6% among 3.6; among 100,000 all find 99.4%."""
LEAST_YIELD = 0.003
"""Worth below which a pass is not run, or its pairs are dropped, as a share of the likely pairs."""
MOST_TRIED = 40


@dataclass(frozen=True)
class Pass:
    """Forms that two rows must share.

    Attributes:
        forms: One or two forms of different fields.
    """

    forms: tuple[Form, ...]

    def __str__(self) -> str:
        return " + ".join(form.name for form in self.forms)

    @property
    def is_exact(self) -> bool:
        """Whether its rows agree exactly."""
        return all(form.write is None and len(form.fields) == 1 for form in self.forms)


@dataclass(frozen=True)
class Yield:
    """What one pass proposed.

    Attributes:
        name: Its forms in words.
        pairs: Pairs that it proposed.
        share: Share of the likely pairs among them, 0..1; 0 where there are none.
    """

    name: str
    pairs: int
    share: float


@dataclass(frozen=True)
class Found:
    """What passes proposed.

    Attributes:
        keys: ``left · width + right`` of the pairs, ascending.
        yields: What each pass proposed, the most useful first.
        recall: Expected share of the true pairs among them; None where nothing was likely.
    """

    keys: NDArray[np.int64]
    yields: tuple[Yield, ...]
    recall: Recall | None


def collide(
    left: Table, right: Table, fields: Sequence[Field], likely: Likely, record: VectorPair
) -> Found:
    """Return the pairs that the most useful passes propose.

    Args:
        left: Left table.
        right: Right table; the same object where rows of one table are compared.
        fields: Compared columns.
        likely: Probable matches to choose passes by.
        record: Vectors of the whole records.
    """
    chosen = most_identifying(left, right, fields)
    sides = (
        Side(left, [f.left for f in fields], fields),
        Side(right, [f.right for f in fields], fields),
    )
    forms = forms_of(left, fields, chosen)
    if len(likely) < FEWEST_LIKELY:
        found = [(p, _joined(sides, p, record)) for p in all_passes(forms) if p.is_exact]
    else:
        found = _learnt(sides, all_passes(forms), likely, record)
    keys, width = ascending([keys for _, keys in found]), len(right)
    yields = (
        Yield(str(group), len(keys), float(held(keys, likely, width).sum()) / max(len(likely), 1))
        for group, keys in found
    )
    return Found(keys, tuple(yields), recall_of(likely, held(keys, likely, width)))


def ascending(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the keys of all parts in order, each once; `np.unique` hashes, which takes longer."""
    if not parts:
        return np.zeros(0, dtype=np.int64)
    keys = np.sort(np.concatenate(parts))
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def held(keys: NDArray[np.int64], likely: Likely, width: int) -> NDArray[np.bool_]:
    """Tell which likely pairs are among ascending keys."""
    wanted = likely.left * width + likely.right
    if not len(keys):
        return np.zeros(len(wanted), dtype=bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(keys[at] == wanted)


def all_passes(forms: Sequence[Form]) -> list[Pass]:
    """Return every pass of one form, and of two forms of different fields."""
    two = [(a, b) for a, b in combinations(forms, 2) if not {*a.fields} & {*b.fields}]
    return [Pass(group) for group in (*((form,) for form in forms), *two)]


@dataclass
class Side:
    """One table and its hashed forms, each worked out when first wanted."""

    table: Table
    columns: Sequence[str]
    fields: Sequence[Field]
    hashed: dict[str, pl.Series] = field(default_factory=dict)

    def form(self, form: Form) -> pl.Series:
        """Return the hashes of a form."""
        if form.name not in self.hashed:
            self.hashed[form.name] = form.hashed(self.table, self.columns, self.fields)
        return self.hashed[form.name]

    def keys(self, group: Pass) -> pl.DataFrame:
        """Return the rows in which no form of a pass is missing, and their joint hashes."""
        first, *rest = (self.form(form) for form in group.forms)
        for other in rest:
            first = first * _ODD + other  # wraps
        return pl.DataFrame({"key": first}).with_row_index("row").drop_nulls()


_ODD = pl.Series([0x9E3779B97F4A7C15], dtype=pl.UInt64)


def _learnt(
    sides: tuple[Side, Side], passes: list[Pass], likely: Likely, record: VectorPair
) -> list[tuple[Pass, NDArray[np.int64]]]:
    """Run passes, the most useful first, while one more finds enough likely pairs.

    Worth counts each likely pair, less each time it was found before.
    """
    width = len(sides[1].table)
    promised = _promised(sides, passes, likely)
    times = np.zeros(len(likely))
    found: list[tuple[Pass, NDArray[np.int64]]] = []
    least = LEAST_YIELD * len(likely)
    for _ in range(min(MOST_TRIED, len(passes))):
        worth = promised @ AGAIN**times
        best = int(np.argmax(worth))
        if worth[best] < least:
            break
        promised[best] = False
        keys = _joined(sides, passes[best], record)
        hit = held(keys, likely, width)
        if hit @ AGAIN**times >= least:
            found.append((passes[best], keys))
            times += hit
    return found


def _promised(sides: tuple[Side, Side], passes: list[Pass], likely: Likely) -> NDArray[np.bool_]:
    """Tell which likely pairs each pass may find: they agree, on values that seem rare."""
    agrees: dict[str, NDArray[np.bool_]] = {}
    common: dict[str, NDArray[np.float64]] = {}
    for group in passes:
        for form in group.forms:
            if form.name not in agrees:
                a, b = (side.form(form) for side in sides)
                mine = a.gather(likely.left)
                agrees[form.name] = (mine == b.gather(likely.right)).fill_null(False).to_numpy()
                common[form.name] = _share(a, mine) * _share(b, mine)
    rows = float(len(sides[0].table)) * float(len(sides[1].table))
    out = np.zeros((len(passes), len(likely)), dtype=bool)
    for number, group in enumerate(passes):
        agree = np.logical_and.reduce([agrees[form.name] for form in group.forms])
        pairs = rows * np.prod([common[form.name] for form in group.forms], axis=0)
        out[number] = agree & (pairs <= MOST_PAIRS)
    return out


def _share(hashes: pl.Series, wanted: pl.Series) -> NDArray[np.float64]:
    """Return the share of rows that hold each wanted value."""
    asked = pl.DataFrame({"key": wanted})
    few = asked.unique()
    counts = pl.DataFrame({"key": hashes}).join(few, on="key", how="semi").group_by("key").len("n")
    joined = asked.join(counts, on="key", how="left", maintain_order="left")
    return joined["n"].fill_null(0).to_numpy().astype(np.float64) / max(len(hashes), 1)


def blocked(
    left: Table, right: Table, groups: Sequence[Sequence[Field]], *, most: int
) -> NDArray[np.int64] | None:
    """Return keys of all pairs that agree on every field of some group; None beyond ``most``."""
    found, total = [], 0
    for group in groups:
        sides = []
        for table, columns in (
            (left, [f.left for f in group]),
            (right, [f.right for f in group]),
        ):
            values = [
                comparable(table, column, field.type).alias(str(n))
                for n, (column, field) in enumerate(zip(columns, group, strict=True))
            ]
            sides.append(pl.DataFrame(values).with_row_index("row").drop_nulls())
        names = [str(n) for n in range(len(group))]
        counts = [side.group_by(names).len("count") for side in sides]
        both = counts[0].join(counts[1], on=names)
        total += int((both["count"].cast(pl.Int64) * both["count_right"]).sum())
        if total > most:
            return None
        pairs = sides[0].join(sides[1], on=names)
        rows = pairs["row"].to_numpy().astype(np.int64)
        found.append(rows * len(right) + pairs["row_right"].to_numpy())
    return ascending(found)


def most_identifying(left: Table, right: Table, fields: Sequence[Field]) -> list[int]:
    """Return the fields with most distinct values on the poorer side."""
    worth = [
        min(
            spelled(left, f.left, f.type).n_unique(),
            spelled(right, f.right, f.type).n_unique(),
        )
        for f in fields
    ]
    return sorted(range(len(worth)), key=lambda n: -worth[n])[:_MOST_FIELDS]


def _joined(sides: tuple[Side, Side], group: Pass, record: VectorPair) -> NDArray[np.int64]:
    """Return keys of the pairs that share a value of a pass that counts, ascending."""
    left, right = (side.keys(group) for side in sides)
    counts = [side.group_by("key").len("count") for side in (left, right)]
    values = (
        counts[0]
        .join(counts[1], on="key")
        .select("key", pairs=pl.col("count").cast(pl.Int64) * pl.col("count_right"))
    )
    most = _most_pairs(left, right, values, record, is_within=sides[0].table is sides[1].table)
    both = _meeting(left, right, values.filter(pl.col("pairs") <= most))
    rows = both["row"].to_numpy().astype(np.int64)
    return np.sort(rows * len(sides[1].table) + both["row_right"].to_numpy())


def _meeting(left: pl.DataFrame, right: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Return every left row of these values beside every right one."""
    return left.join(values, on="key").join(right, on="key")


def _most_pairs(
    left: pl.DataFrame,
    right: pl.DataFrame,
    values: pl.DataFrame,
    record: VectorPair,
    *,
    is_within: bool,
) -> int:
    """Return the left rows times right rows up to which a pass's values propose pairs.

    `MOST_PAIRS`, and band after band beyond it while most of a few pairs of each are plainly near.
    """
    bands = list(pairwise(_BANDS))
    frequent = values.filter(pl.col("pairs").is_between(MOST_PAIRS, _BANDS[-1], closed="right"))
    if frequent.is_empty():
        return MOST_PAIRS
    drawn = [
        frequent.filter(pl.col("pairs").is_between(*band, closed="right"))
        .bottom_k(_VALUES, by="key")  # hashes: as good as drawn at random
        .with_columns(band=pl.lit(band[1]))
        for band in bands
    ]
    some = _meeting(left, right, pl.concat(drawn))
    if is_within:
        some = some.filter(pl.col("row") != pl.col("row_right"))
    some = some.group_by("key").head(_PAIRS_EACH)
    a, b = (some[name].to_numpy().astype(np.int32) for name in ("row", "row_right"))
    near = some.select("band", near=pl.Series(record.cosine(a, b) >= PLAIN))
    share = dict(near.group_by("band").agg(pl.col("near").mean()).iter_rows())
    most = MOST_PAIRS
    for _, above in bands:
        if share.get(above, 1.0) < _MOSTLY:
            break
        most = above if above in share else most
    return most

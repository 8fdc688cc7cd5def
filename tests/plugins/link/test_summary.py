import math

import polars as pl
import pytest

from tk_link.config import LinkConfig, OutputConfig
from tk_link.frames import from_frame
from tk_link.linkage import Skipped
from tk_link.settings import Settings
from tk_link.summary import summarise

WORDS = ["left.csv", "my right.csv"]


def said(linkage, left, right, *, settings=Settings(), **options):  # noqa: B008 - frozen
    lines = list(summarise(linkage, left, right, settings, words=WORDS, **options))
    return "\n".join(lines)


def test_everything_that_was_decided_is_said(linkage, left, right):
    assert said(linkage, left, right).splitlines() == [
        "left        left.csv: 5 rows, 2 columns",
        "right       right.csv: 3 rows, 3 columns",
        "compared    name  name      same name",
        "left out    left: id (names rows)",
        "left id     id",
        "right id    none; the row number stands for it",
        "candidates  12 pairs, 2.4 for each left row",
        "partners    1:1: no name repeats",
        "cut         0.50: default",
        "result      2 of 5 left rows linked (1 match, 1 review, 1 lost, 2 none)",
        "precision   about 91% of the pairs are true (85% to 95%), estimated without labels",
        "borderline  0.62 review  Bob",
        "                         Rob",
        "            0.30 none    Di",
        "                         Zoe",
        "            0.99 match   Ann",
        "                         Anne",
        "next        keep the result: tk link left.csv 'my right.csv' -o linked.csv",
    ]


def test_notes_warnings_and_timings(decide, left, right):
    linkage = decide((0, 0, 0.9, "match"), timings={"read": 0.25}, warnings=("few matches",))
    noted = from_frame(left.frame.rename({"name": "match_rank"}), "l")
    noted = type(noted)(noted.name, noted.frame, noted.text, ("encoding UTF-16",))
    linkage = type(linkage)(**vars(linkage) | {"fields": ()})
    text = said(linkage, noted, right, verbose=True)
    assert "l: 5 rows, 2 columns (encoding UTF-16)" in text
    assert "warning     few matches" in text
    assert "time        read 0.2 s" in text
    assert "column 'match_rank' is yours and stays; ours is 'match_rank_'" in text


def test_many_skipped_columns_are_cut_short(decide, left, right):
    skipped = tuple(Skipped("left", f"c{at}", "constant") for at in range(9))
    linkage = decide(skipped=skipped)
    assert "and 3 more (-v names them)" in said(linkage, left, right)
    assert "left: c8 (constant)" in said(linkage, left, right, verbose=True)


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        (Settings(output=OutputConfig(output="o.csv")), "see why: tk link .* --explain$"),
        (
            Settings(link=LinkConfig(explain="text"), output=OutputConfig(output="o.csv")),
            "repeat it from a file: tk link .* --print-config > link.toml$",
        ),
    ],
)
def test_the_next_command_follows_from_this_one(linkage, left, right, settings, advice):
    assert pl.Series([said(linkage, left, right, settings=settings)]).str.contains(advice)[0]


def test_surer_pairs_are_offered_where_precision_is_low(decide, left, right):
    settings = Settings(link=LinkConfig(explain="text"), output=OutputConfig(output="o.csv"))
    linkage = decide((0, 0, 0.6, "match"), precision=0.6)
    assert "--precision 0.95" in said(linkage, left, right, settings=settings)


def test_no_match_comes_with_advice(decide, left, right):
    none = {"precision": math.nan, "precision_range": (math.nan, math.nan)}
    some = said(decide((0, 0, 0.43, "none"), **none), left, right)
    assert "0 of 5 left rows linked (5 none)" in some
    assert "no pair reached the cut, the best has 0.43; to see some: tk link" in some
    assert some.endswith("--min-prob 0.35")
    assert "precision" not in some
    assert "nothing alike was found; name the columns: tk link" in said(decide(**none), left, right)


def test_variants_are_told_by_what_sets_them_apart(decide, left, right):
    kinds = {"model number": 9, **{f"size: {n}": 2 for n in range(7)}}
    text = said(decide((0, 0, 0.9, "match"), (1, 1, 0.4, "variant"), variants=kinds), left, right)
    assert "1 variant" in text
    assert "so not accepted: model number 9, size: 0 2, " in text
    assert text.count("size: ") == 5
    assert ", other 4" in text

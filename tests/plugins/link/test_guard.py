import random

import polars as pl
import pytest

from tk_link import pipeline
from tk_link.config import LinkConfig
from tk_link.explain import explain_pair
from tk_link.frames import from_frame

NOUNS = [
    "drill",
    "saw",
    "router",
    "lamp",
    "heater",
    "mixer",
    "kettle",
    "camera",
    "printer",
    "monitor",
]
BRANDS = ["norvex", "altiro", "kessmer", "halden", "ovanto", "teralux", "zenkai", "brixton"]


def catalogue(rng, rows):
    """Return things with a model number each."""
    made = {}
    while len(made) < rows:
        model = f"{''.join(rng.choices('ABCDEFGHKLMPR', k=3))}-{rng.randrange(1000, 9999)}"
        made[model] = f"{rng.choice(BRANDS)} {rng.choice(NOUNS)} {rng.choice(NOUNS)} {model}"
    return list(made.values())


def table(titles, name):
    frame = pl.DataFrame({"id": [f"{name[0]}{n}" for n in range(len(titles))], "title": titles})
    return from_frame(frame, name)


@pytest.fixture(scope="module")
def linked():
    """Link 120 products; of the last 40 the right table holds another model only."""
    rng = random.Random(5)
    left = catalogue(rng, 120)
    right = left[:80] + [f"{title[:-1]}{(int(title[-1]) + 3) % 10}" for title in left[80:]]
    tables = table(left, "left"), table(right, "right")
    return pipeline.run_closely(*tables, LinkConfig(explain="text")), tables


def test_another_model_is_never_accepted_and_says_so(linked):
    pairs = linked[0].linkage.pairs
    others = pairs.filter((pl.col("left_row") >= 80) & (pl.col("left_row") == pl.col("right_row")))
    assert len(others) >= 38
    assert others["match_status"].unique().to_list() == ["variant"]
    assert others["match_kind"].unique().to_list() == ["variant"]
    assert others["match_why"].str.contains(r"other model \(model number: \w+ \| \w+\) -").all()


def test_the_same_model_is_still_matched(linked):
    pairs = linked[0].linkage.pairs
    same = pairs.filter(pl.col("match_status") == "match")
    right = same.filter((pl.col("left_row") == pl.col("right_row")) & (pl.col("left_row") < 80))
    assert len(right) >= 78
    assert len(same) - len(right) <= 2
    assert same["match_kind"].unique().to_list() == ["same"]


def test_variants_are_counted_by_what_tells_them_apart(linked):
    assert linked[0].linkage.variants["model number"] >= 38


def test_one_pair_says_what_differs(linked):
    run, (left, right) = linked
    found = explain_pair(
        run.pairs, run.features, run.scores, run.guard, left=(left, 100), right=(right, 100)
    )
    assert found.differs.startswith("model number: ")
    known = sum(bits for bits in found.evidence.values() if bits is not None)
    assert found.prior + known == pytest.approx(found.score)
    assert f"differs: {found.differs}" in str(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SanDisk Ultra USB stick 64GB", "SanDisk Ultra USB stick 128GB"),
        ("Apple iPhone 12 Pro", "Apple iPhone 13 Pro"),
        ("Learning Python, 4th edition", "Learning Python, 5th edition"),
        ("Duracell batteries AA 4-pack", "Duracell batteries AA 8-pack"),
        ("Microsoft Money 2007", "Microsoft Money 2008"),
    ],
)
def test_tables_too_small_to_learn_from_are_guarded_too(one, other):
    pairs = pipeline.run(table([one], "left"), table([other], "right"), LinkConfig()).pairs
    assert pairs.select("match_status", "match_kind").rows() == [("variant", "variant")]


def test_one_size_in_two_units_is_no_variant():
    rng = random.Random(9)
    left = [f"{title} {n % 5 + 1} TB" for n, title in enumerate(catalogue(rng, 60))]
    right = [title.replace(" TB", "000 GB") for title in left]
    run = pipeline.run_closely(table(left, "left"), table(right, "right"), LinkConfig())
    same = run.pairs.left == run.pairs.right
    assert not run.guard.bits[same].any()
    assert not run.guard.is_barred[same].any()


def people(years):
    rng = random.Random(7)
    names = [(rng.choice(BRANDS).title(), rng.choice(NOUNS).title()) for _ in range(60)]
    return pl.DataFrame(
        {
            "id": range(60),
            "first_name": [a for a, _ in names],
            "last_name": [f"{b}{'aeiou'[n % 5]}" for n, (_, b) in enumerate(names)],
            "birth_year": years,
            "street": [f"{n} Mill Road" for n in range(60)],
        }
    )


def test_a_slip_in_a_birth_year_or_house_number_is_no_variant():
    years = [str(1940 + n) for n in range(60)]
    slips = [str(int(year) + (2 if n % 6 == 0 else 0)) for n, year in enumerate(years)]
    tables = from_frame(people(years), "left"), from_frame(people(slips), "right")
    run = pipeline.run_closely(*tables, LinkConfig())
    assert "variant" not in run.linkage.pairs["match_kind"].to_list()
    assert not run.guard.bits.any()
    accepted = run.linkage.pairs.filter(match_kind="same")
    assert (accepted["left_row"] == accepted["right_row"]).sum() >= 57


def test_where_most_matches_differ_in_a_size_it_means_nothing():
    rng = random.Random(3)
    left = [f"{title} {n % 7 + 1} kg" for n, title in enumerate(catalogue(rng, 60))]
    right = [f"{title[:-4]}{n % 5 + 12} kg" for n, title in enumerate(left)]
    run = pipeline.run_closely(table(left, "left"), table(right, "right"), LinkConfig())
    accepted = run.linkage.pairs.filter(match_kind="same")
    assert (accepted["left_row"] == accepted["right_row"]).sum() >= 55

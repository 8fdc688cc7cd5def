import pytest

from tk_link.comparing import variants


@pytest.fixture
def found(opposite):
    def find(one, other, years=()):
        left, right, pairs = opposite((one, other))
        texts = (left, right)
        frame = variants.differences(texts, texts, years, pairs)
        return {kind: differs for _, kind, differs, _, _ in frame.rows()}

    return find


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("USB stick 64GB", "USB stick 128 GB", "size: storage"),
        ("Cola 12 oz", "Cola 500 ml", "size: volume"),
        ("AA cells 4-pack", "AA cells, pack of 8", "size: pack"),
        ("iPhone 12 Pro", "iPhone 13 Pro", "number"),
        ("Learning Python 4th edition", "Learning Python, edition 5", "number"),
        ("Query tuning (part I)", "Query tuning (part II)", "number"),
        ("Money 2007", "Money 2008", "year"),
        ("Sony KX-TG1033S phone", "Sony KXTG1034S phone", "model number"),
        ("Sony DVPNS57PB player", "Sony DVPNS57PS player", "model letters"),
    ],
)
def test_two_things_differ_in_a_kind(found, one, other, kind):
    assert found(one, other)[kind]
    assert not any(found(one, one).values())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cola 12 oz", "Cola 355 ml"),
        ("Drive 1 TB", "Drive 1000 GB"),
        ("Camera 14.7 megapixels", "Camera 14 MP"),
        ("Sony PSLX-350H turntable", "Sony PSLX350 turntable"),
        ("LG phone 64GB", "LG phone"),
        ("Canon ink CLI8M", "Canon ink 0622B002"),
        ("Sound dock CHS4001", "Sound dock CHS40001"),
        ("Version 2", "Season 3"),
    ],
)
def test_one_thing_written_twice_differs_in_nothing(found, one, other):
    assert not any(found(one, other).values())


def test_a_shared_model_number_outweighs_the_descriptions(found):
    assert found("Receiver CDA9887, 50 W", "Receiver CDA-9887, 200 W") == {
        "model number": False,
        "model letters": False,
    }


def test_what_only_descriptions_say_is_a_kind_of_its_own(opposite):
    titles = opposite(("Stand", "Stand"))[:2]
    left, right, pairs = opposite(("Stand ; 40 lbs", "Stand ; 50 lbs"))
    frame = variants.differences(titles, (left, right), (), pairs)
    assert frame.select("kind", "differs", "left", "right").rows() == [
        ("size: weight in detail", True, "18144 g", "22680 g")
    ]


def test_years_apart_by_one_and_by_more_are_two_kinds(opposite):
    years = opposite((None, None), (None, None), (None, None))[0].cast(int)
    left, right, pairs = opposite(("a", "a"), ("b", "b"), ("c", "c"))
    columns = [(years.fill_null(2000), type(years)([2000, 2001, 2005]))]
    frame = variants.differences((left, right), (left, right), columns, pairs)
    told = frame.filter("differs").select("pair", "kind").rows()
    assert told == [(1, "year by one"), (2, "year")]

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk.errors import InputError, UsageError
from tk_link.config import LinkConfig, OutputConfig
from tk_link.fields import FIELD_TYPES
from tk_link.settings import Settings, make_settings, merge_settings, read_options, to_toml

NAME = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
COUNT = st.none() | st.integers(1, 1000)
SHARE = st.floats(0, 1)

LINK = st.builds(
    LinkConfig,
    on=st.none() | st.lists(st.tuples(NAME, NAME), min_size=1, unique_by="=".join).map(tuple),
    left_id=st.none() | NAME,
    right_id=st.none() | NAME,
    types=st.dictionaries(NAME, st.sampled_from(FIELD_TYPES)).map(lambda d: tuple(d.items())),
    weights=st.dictionaries(NAME, st.floats(1e-6, 1e6)).map(lambda d: tuple(d.items())),
    require=st.lists(NAME).map(tuple),
    forbid_conflict=st.lists(NAME).map(tuple),
    block=st.lists(st.lists(NAME, min_size=1).map(tuple)).map(tuple),
    k=COUNT,
    how=st.sampled_from(["auto", "1:1", "m:1", "1:m", "m:m"]),
    ties=st.sampled_from(["drop", "first", "all"]),
    top=COUNT,
    min_prob=SHARE,
    precision=st.none() | st.floats(0.01, 0.99),
    review_band=st.none() | st.tuples(st.floats(0, 0.4), st.floats(0.5, 1)),
    all_pairs=st.booleans(),
    explain=st.sampled_from(["none", "text", "columns", "json"]),
    seed=st.integers(0, 2**40),
    threads=COUNT,
)
OUTPUT = st.builds(
    OutputConfig,
    output=st.none() | NAME,
    join=st.sampled_from(["left", "inner", "right", "outer", "anti"]),
    pairs=st.booleans(),
    suffix=NAME.filter(bool),
)
SETTINGS = st.builds(
    Settings,
    left=st.none() | NAME,
    right=st.none() | NAME,
    sample=COUNT,
    link=LINK,
    output=OUTPUT,
)


@given(SETTINGS)
def test_printed_settings_reproduce_the_run(settings):
    assert make_settings(tomllib.loads(to_toml(settings))["link"]) == settings


@pytest.mark.parametrize(
    "options",
    [
        {"state": "links.state", "judged": ["a.csv", "b.csv"]},
        {"work_dir": "work", "executor": "ray", "shard_rows": 1000, "workers": 3},
    ],
)
def test_printed_settings_go_on_judge_and_work_in_shards(options):
    settings = make_settings(options)
    assert make_settings(tomllib.loads(to_toml(settings))["link"]) == settings


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"state": "s", "sample": 5}, "a state keeps all rows"),
        ({"work_dir": "w", "judged": ["j.csv"]}, "judged is not offered over shards"),
        ({"workers": 2}, "add --work-dir"),
        ({"judged": 3}, "judged: a path is wanted"),
    ],
)
def test_what_does_not_go_together_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        make_settings(options)


def test_unknown_option_suggests_the_near_one():
    with pytest.raises(UsageError, match="option 'min_prop' not found; did you mean 'min_prob'"):
        make_settings({"min_prop": 0.3})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": "many"}, "k: a whole number is wanted"),
        ({"k": True}, "k: a whole number is wanted"),
        ({"min_prob": "high"}, "min_prob: could not convert"),
        ({"pairs": 1}, "pairs: true or false is wanted"),
        ({"require": 3}, "require: a list is wanted"),
        ({"left_id": 3}, "left_id: a text is wanted"),
        ({"sample": 0}, "sample is 0"),
    ],
)
def test_values_of_the_wrong_kind(options, message):
    with pytest.raises(UsageError, match=message):
        make_settings(options)


def test_none_means_not_given():
    assert make_settings({"k": None, "left": "a.csv"}) == Settings(left="a.csv")


def test_command_line_comes_before_the_file(tmp_path):
    path = tmp_path / "tk.toml"
    path.write_text('[link]\non = ["name"]\nmin-prob = 0.7\nhow = "1:1"\n')
    settings = merge_settings(str(path), {"how": "m:m", "on": ["city,id=no"], "left": "a.csv"})
    assert settings.link == LinkConfig(on=(("city", "city"), ("id", "no")), how="m:m", min_prob=0.7)


def test_file_may_spell_options_as_the_command_line_does(tmp_path):
    path = tmp_path / "tk.toml"
    path.write_text(
        '[link]\ntype = {a = "org"}\nweight = {a = 2}\nall = true\nreview-band = "0.1,0.9"'
    )
    link = merge_settings(str(path), {}).link
    assert (link.types, link.weights, link.all_pairs) == ((("a", "org"),), (("a", 2.0),), True)
    assert link.review_band == (0.1, 0.9)


def test_left_on_replaces_what_the_file_pairs(tmp_path):
    path = tmp_path / "tk.toml"
    path.write_text('[link]\non = ["name"]\n')
    settings = merge_settings(str(path), {"left_on": "a,b", "right_on": "c,d"})
    assert settings.link.on == (("a", "c"), ("b", "d"))


def test_repeated_options_add_up():
    given_ = {"require": ["a,b", "c"], "block": ["zip,year", "city"], "types": ["a=org"]}
    link = merge_settings(None, given_).link
    assert link.require == ("a", "b", "c")
    assert link.block == (("zip", "year"), ("city",))
    assert link.types == (("a", "org"),)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("[link\n", InputError, "is not TOML"),
        ("[other]\n", UsageError, r"has no \[link\] table"),
        ("[link]\nhwo = 1\n", UsageError, "tk.toml: option 'hwo' not found; did you mean 'how'"),
        ("[link]\nk = 0\n", UsageError, "tk.toml: k is 0"),
    ],
)
def test_bad_files_are_named(tmp_path, text, error, message):
    (tmp_path / "tk.toml").write_text(text)
    with pytest.raises(error, match=message):
        read_options(tmp_path / "tk.toml")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_options(tmp_path / "tk.toml")

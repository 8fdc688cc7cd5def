import tomllib

import pytest

from tk.errors import InputError, UsageError
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.settings import (
    DedupeSettings,
    make_settings,
    merge_settings,
    read_options,
    to_toml,
)


def test_everything_goes_to_toml_and_back(tmp_path):
    config = DedupeConfig(
        on=("name", "a, b"),
        types=(("name", "org"),),
        weights=(("name", 2.0),),
        keep="golden",
        golden=(("*", "mode"), ("it's", "latest:modified")),
        across_only=True,
        source="register",
    )
    settings = DedupeSettings(("a,b.csv", "c.csv"), config, "out.csv", "pairs.csv")
    (tmp_path / "d.toml").write_text(to_toml(settings))
    assert merge_settings(str(tmp_path / "d.toml"), {}) == settings


def test_defaults_are_few_words():
    options = tomllib.loads(to_toml(DedupeSettings()))["dedupe"]
    assert options == {
        "cluster": "average",
        "max_cluster": 50,
        "min_prob": 0.5,
        "across_only": False,
        "earlier": "revise",
        "keep": "all",
        "all_pairs": False,
        "seed": 0,
        "retrieve": "auto",
        "offline": False,
    }


def test_the_command_line_comes_before_the_file(tmp_path):
    (tmp_path / "d.toml").write_text('[dedupe]\nfiles = "a.csv"\nmax-cluster = 9\nk = 4\n')
    settings = merge_settings(str(tmp_path / "d.toml"), {"k": 5, "on": ["a,b", "c"]})
    assert settings.files == ("a.csv",)
    assert settings.dedupe == DedupeConfig(max_cluster=9, k=5, on=("a", "b", "c"))


@pytest.mark.parametrize(
    "given",
    [
        "longest,city=mode,phone=latest:modified",
        ["longest", "city=mode", "phone=latest:modified"],
        ["longest,city=mode", "phone=latest:modified"],
        {"*": "longest", "city": "mode", "phone": "latest:modified"},
    ],
)
def test_golden_rules_are_written_in_several_ways(given):
    settings = make_settings({"keep": "golden", "golden": given})
    assert settings.dedupe.golden == (
        ("*", "longest"),
        ("city", "mode"),
        ("phone", "latest:modified"),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kepe": "first"}, "option 'kepe' not found; did you mean 'keep'"),
        ({"golden": 3}, "golden: rules are wanted"),
        ({"golden": ""}, "golden: name columns with commas"),
        ({"across_only": "yes"}, "across_only: true or false is wanted"),
        ({"max_cluster": 2.5}, "max_cluster: a whole number is wanted"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(UsageError, match=message):
        make_settings(options)


def test_files_without_the_table_are_refused(tmp_path):
    (tmp_path / "d.toml").write_text("[link]\nk = 3\n")
    with pytest.raises(UsageError, match=r"has no \[dedupe\] table; put the options of tk dedupe"):
        read_options(tmp_path / "d.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read_options(tmp_path / "none.toml")

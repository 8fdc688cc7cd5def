import json
import math
import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tk.errors import InputError, NotFoundError, UsageError
from tk_cli.main import main
from tk_link import evaluate


def pairs(*rows, **more):
    frame = pl.DataFrame(rows, schema=["left_id", "right_id"], orient="row")
    return frame.with_columns(**{name: pl.Series(values) for name, values in more.items()})


TRUTH = pairs(("a", "x"), ("b", "y"), ("c", "z"), ("d", "w"))


def test_precision_and_recall_are_counted():
    found = evaluate(pairs(("a", "x"), ("b", "z")), TRUTH)
    assert (found.predicted, found.true, found.both) == (2, 4, 1)
    assert found.pairwise.precision.value == 0.5
    assert found.pairwise.recall.value == 0.25
    assert found.pairwise.f1.value == pytest.approx(1 / 3)
    assert found.curve is None
    assert found.calibration is None


def test_only_accepted_pairs_count_and_all_stated_ones_make_the_curve():
    stated = pairs(
        *(("a", "x"), ("b", "y"), ("b", "z"), ("c", "z")),
        match_probability=[0.9, 0.8, 0.3, 0.2],
        match_status=["match", "review", "none", "lost"],
    )
    found = evaluate(stated, TRUTH)
    assert (found.predicted, found.both) == (2, 2)
    assert found.curve.points["recall"].to_list() == [0.25, 0.5, 0.5, 0.75]
    assert found.curve.points["precision"].to_list() == [1, 1, pytest.approx(2 / 3), 0.75]
    assert found.curve.best["cut"] == 0.2
    assert found.calibration.bins["share"].to_list() == [1, 0, 1, 1]


def test_ids_of_two_tables_may_collide():
    truth = pairs(*((n, n + 1) for n in range(30)))
    found = evaluate(pairs((1, 0), *((n, n + 1) for n in range(1, 30))), truth)
    assert not found.is_within
    assert (found.predicted, found.both) == (30, 29)


def test_pairs_of_one_table_count_in_either_order_and_by_closure():
    predicted = pairs((1, 2), (2, 3), (1, 3), (7, 8))
    truth = pairs((2, 1), (3, 1), (9, 8))
    found = evaluate(predicted, truth)
    assert found.is_within
    assert (found.predicted, found.true, found.both) == (4, 4, 3)
    assert found.clusters.exact == 1
    assert any("connect clusters with 4 pairs" in note for note in found.notes)


def clusters(**named):
    rows = [(row, cluster) for cluster, rows in named.items() for row in rows]
    return pl.DataFrame(rows, schema=["id", "cluster_id"], orient="row")


def test_clusters_are_measured_pairwise_and_row_by_row():
    found = evaluate(clusters(p="abc", q="d", r="e"), clusters(s="ab", t="cd", u="e"))
    assert (found.predicted, found.true, found.both) == (3, 2, 1)
    # Bagga & Baldwin 1998: rows a, b have 2/3, c 1/3, d and e 1; recall halves for c and d.
    assert found.bcubed.precision.value == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert found.bcubed.recall.value == pytest.approx((1 + 1 + 0.5 + 0.5 + 1) / 5)
    assert (found.clusters.exact, found.clusters.split, found.clusters.merged) == (0, 1, 1)


@settings(deadline=None, max_examples=40)  # each reads two tables
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_cluster_measures_agree_with_counting_pair_by_pair(labels):
    rows = range(len(labels))
    made = [
        pl.DataFrame(
            {"id": [f"r{row}" for row in rows], "cluster_id": [label[side] for label in labels]}
        )
        for side in (0, 1)
    ]
    found = evaluate(*made)
    both = [
        [a[side] == b[side] for side in (0, 1)] for i, a in enumerate(labels) for b in labels[:i]
    ]
    assert found.predicted == sum(one for one, _ in both)
    assert found.true == sum(other for _, other in both)
    assert found.both == sum(one and other for one, other in both)


def test_pairs_can_be_measured_against_clusters_and_the_other_way_round():
    one, other = pairs(("a", "b"), ("b", "c")), clusters(s="abc", t="d")
    assert evaluate(one, other).pairwise.f1.value == 1
    assert evaluate(other, one).pairwise.f1.value == 1


def test_a_truth_that_labels_some_pairs_says_nothing_of_others():
    labelled = pairs(("a", "x"), ("b", "y"), ("c", "q"), label=["1", "0", "1"])
    found = evaluate(pairs(("a", "x"), ("b", "y"), ("e", "v")), labelled)
    assert (found.predicted, found.true, found.both) == (2, 2, 1)


def test_intervals_hold_the_figure_and_shrink_with_more_entities():
    def made(size):
        stated = pairs(*((f"a{n}", f"x{n}" if n % 5 else f"no{n}") for n in range(size)))
        return evaluate(stated, pairs(*((f"a{n}", f"x{n}") for n in range(size)))).pairwise

    small, large = made(50).precision, made(2_000).precision
    assert small.low < 0.8 < small.high
    assert large.high - large.low < 0.4 * (small.high - small.low)
    assert made(50) == made(50)


def test_calibration_of_honest_probabilities_has_a_small_gap():
    size = 4_000
    chance = [(n % 100 + 0.5) / 100 for n in range(size)]
    stated = pairs(*((f"a{n}", f"x{n}") for n in range(size)), match_probability=chance)
    true = [n for n in range(size) if (n * 0.6180339887) % 1 < chance[n]]
    found = evaluate(stated, pairs(*((f"a{n}", f"x{n}") for n in true))).calibration
    assert found.error < 0.03
    bins = found.bins
    assert ((bins["share_low"] <= bins["share"]) & (bins["share"] <= bins["share_high"])).all()


def test_nothing_predicted_leaves_precision_undefined():
    nothing = pairs(("a", "x"), match_probability=[0.1], match_status=["none"])
    found = evaluate(nothing, TRUTH)
    assert math.isnan(found.pairwise.precision.value)
    assert found.pairwise.recall.value == 0


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TRUTH.write_csv("truth.csv")
    joined = pl.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "city": ["x", "Bonn", "Bonn", "Kiel", None],
            "id_r": ["x", "y", None, "v", None],
            "match_probability": [0.99, 0.8, 0.2, 0.6, None],
            "match_status": ["match", "match", "none", "match", "none"],
        }
    )
    joined.write_csv("joined.csv")
    return tmp_path


def test_a_joined_table_tells_its_id_columns_by_the_truth(files, capsys):
    assert main(["eval", "joined.csv", "truth.csv", "--json"]) == 0
    out = capsys.readouterr()
    report = json.loads(out.out)
    assert (report["predicted"], report["both"]) == (3, 2)
    assert report["bcubed"] is None
    assert "columns 'id' and 'id_r'" in out.err


def test_tables_are_printed_and_a_picture_is_drawn(files, capsys):
    assert main(["eval", "joined.csv", "truth.csv", "-o", "out.svg"]) == 0
    out = capsys.readouterr().out
    assert "precision   66.7%" in out
    assert "best F1" in out
    assert (files / "out.svg").read_text().startswith("<svg")
    assert main(["eval", "joined.csv", "truth.csv", "-o", "out.html", "-q"]) == 0
    assert "Stated and true" in (files / "out.html").read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["joined.csv"], 2, "name what was predicted"),
        (["-", "-"], 2, "only one of the two"),
        (["joined.csv", "truth.csv", "--tables", "three"], 2, "'three' not found"),
        (["joined.csv", "truth.csv", "--pred-kind", "trees"], 2, "'trees' not found"),
        (["joined.csv", "truth.csv", "--pred-columns", "id"], 2, "names 1 columns"),
        (["joined.csv", "truth.csv", "--pred-columns", "id,nix"], 2, "'nix' not found"),
        (["joined.csv", "truth.csv", "-o", "out.pdf"], 3, ".svg, .png, .html"),
        (["joined.csv", "truth.csv", "-o", "no/out.svg"], 3, "does not exist"),
        (["joined.csv", "empty.csv"], 3, "no rows"),
        (["joined.csv", "other.csv"], 3, "no column holds the truth's left ids"),
        (["plain.csv", "other.csv"], 3, "no id of the truth occurs in the prediction"),
        (["plain.csv", "truth.csv", "-o", "out.svg"], 3, "states no probabilities"),
        (["wrong.csv", "truth.csv"], 3, "must lie between 0 and 1"),
        (["clusters.csv", "truth.csv", "--tables", "two"], 3, "clusters are of one table"),
        (["truth.csv", "truth.csv", "--pred-kind", "clusters", "--pred-columns",
          "twice,right_id"], 2, "'twice' not found"),
        (["odd.csv", "truth.csv"], 3, "say which two columns"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(files, capsys, words, code, said):
    pl.DataFrame({"left_id": [], "right_id": []}).write_csv("empty.csv")
    pairs(("q1", "q2")).write_csv("other.csv")
    pairs(("a", "x")).write_csv("plain.csv")
    pairs(("a", "x"), match_probability=["7"]).write_csv("wrong.csv")
    clusters(s="abx").write_csv("clusters.csv")
    pl.DataFrame({"p": ["a"], "q": ["b"], "r": ["c"]}).write_csv("odd.csv")
    assert main(["eval", *words]) == code
    assert said in capsys.readouterr().err


def test_rows_of_the_truth_that_clusters_do_not_hold_are_said():
    found = evaluate(clusters(p="ab"), clusters(s="ab", t="cd"))
    assert found.pairwise.recall.value == 0.5
    assert any("2 of 4 ids of the truth (such as 'c')" in note for note in found.notes)


def test_clusters_given_as_pairs_are_told_by_their_ids():
    with pytest.raises(InputError, match="such as"):
        evaluate(clusters(p="ab"), pairs(("q", "r")))
    with pytest.raises(InputError, match="name several rows"):
        evaluate(
            pairs(("a", "x"), ("a", "y")),
            TRUTH,
            pred_kind="clusters",
            pred_columns=("left_id", "right_id"),
        )


def test_impossible_options_are_refused():
    with pytest.raises(NotFoundError):
        evaluate(TRUTH, TRUTH, tables="three")
    with pytest.raises(UsageError, match="of one table"):
        evaluate(TRUTH, TRUTH, tables="two", pred_kind="clusters")


def test_the_command_lines_help_imports_nothing_heavy():
    code = (
        "import sys; from tk_cli.main import main; main([sys.argv[1], '--help']);"
        "assert not {'numpy', 'polars', 'torch', 'scipy'} & {*sys.modules}"
    )
    for command in ("eval", "audit"):
        subprocess.run([sys.executable, "-c", code, command], check=True, capture_output=True)

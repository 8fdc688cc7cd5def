"""`--retrieve` and `--model` through the real pipeline, with a real server that knows German."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from bilingual import firms, names, serving

from tk.errors import InputError, UsageError
from tk_cli.main import main
from tk_link import Linker, dedupe, link
from tk_link.config import LinkConfig
from tk_link.dense import planning
from tk_link.frames import from_frame
from tk_link.pipeline import run_closely


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("TK_CACHE", str(tmp_path / "cache"))
    with serving() as made:
        yield made


@pytest.fixture
def tables():
    return firms()


@pytest.fixture
def files(tables, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, frame in zip(("left", "right"), tables, strict=True):
        frame.write_csv(f"{name}.csv")
    return tables


def right_share(frame: pl.DataFrame) -> float:
    """Return the share of the 48 partners found; a wrong one counts against them."""
    found = frame.filter(pl.col("match_status") == "match")
    right = found["left_row"] + found["right_row"] == 47
    return float(2 * right.sum() - len(found)) / 48


@pytest.mark.parametrize("retrieve", ["dense", "hybrid"])
def test_meaning_finds_what_letters_cannot(server, tables, retrieve):
    assert right_share(link(*tables, retrieve="lexical")) < 0.1
    assert right_share(link(*tables, retrieve=retrieve, model=server.address)) > 0.9


def test_dense_proposes_by_meaning_alone_and_hybrid_by_both(server, tables):
    roads = pl.Series([f" {n * 7} road" for n in range(60)])
    left, right = (
        from_frame(frame.with_columns(pl.nth(0) + roads.head(len(frame))), "t") for frame in tables
    )
    pairs = {}
    for retrieve in ("lexical", "dense", "hybrid"):
        model = None if retrieve == "lexical" else server.address
        found = run_closely(left, right, LinkConfig(retrieve=retrieve, model=model, k=3)).pairs
        pairs[retrieve] = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert pairs["dense"] | pairs["lexical"] == pairs["hybrid"]
    assert pairs["dense"] - pairs["lexical"]
    assert pairs["lexical"] - pairs["dense"]


def test_block_holds_for_meaning_too(server, tables):
    left, right = (
        frame.with_columns(town=pl.Series([f"town {n % 3}" for n in range(len(frame))]))
        for frame in tables
    )
    config = LinkConfig(
        on=(("firma", "company"), ("town", "town")), block=(("town",),), model=server.address
    )
    pairs = run_closely(from_frame(left, "l"), from_frame(right, "r"), config).pairs
    assert len(pairs)
    assert (pairs.left % 3 == pairs.right % 3).all()


def test_the_summary_says_how_and_on_what(server, files, capsys):
    assert main(["link", "left.csv", "right.csv", "--model", server.address, "-o", "o.csv"]) == 0
    said = capsys.readouterr().err
    assert f"retrieval   hybrid: --model {server.address} was given" in said
    assert "60 and 48 distinct texts encoded, of 60 and 48 rows" in said
    words = ["--retrieve", "dense", "--model", server.address, "--json"]
    assert main(["link", "left.csv", "right.csv", *words]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["retrieval"], report["retrieval_reason"]) == ("dense", "--retrieve dense")


def test_the_plan_asks_no_server(server, files, capsys):
    words = ["--plan", "--retrieve", "dense", "--model", server.address]
    assert main(["link", "left.csv", "right.csv", *words]) == 0
    said = capsys.readouterr().err
    assert "the 10 nearest rows of each row by meaning" in said
    assert "encoding    about " in said
    assert server.seen == []


def test_letters_alone_are_warned_of_where_they_do_not_suffice(files, capsys, monkeypatch):
    monkeypatch.setattr(planning, "is_packaged_model_installed", lambda: False)
    assert main(["link", "left.csv", "right.csv", "-o", "o.csv"]) == 0
    said = capsys.readouterr().err
    assert "warning     letters alone were compared: the tables share " in said
    assert "--model" in said
    assert "retrieval   " not in said


def test_known_texts_are_not_encoded_again(server, tables):
    first = link(*tables, model=server.address)
    server.seen.clear()
    assert link(*tables, model=server.address).equals(first)
    assert server.seen == ["a probe"]


def test_a_model_that_changed_its_dimension_begins_a_new_cache(server, tables, caplog):
    link(*tables, model=server.address)
    server.dim = 48
    server.seen.clear()
    assert right_share(link(*tables, model=server.address)) > 0.9
    assert len(server.seen) == 60 + 48 + 1
    assert "vectors of length 32 before and 48 now" in caplog.text


def test_an_answer_that_makes_no_sense_ends_the_run_and_writes_nothing(server, files, capsys):
    server.dim = 0
    assert main(["link", "left.csv", "right.csv", "--model", server.address, "-o", "o.csv"]) == 1
    assert "answered something that is no JSON: '<html>busy</html>'" in capsys.readouterr().err
    assert not Path("o.csv").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--retrieve", "lexical", "--model", "minilm"], 2, "leave one of them out"),
        (["--retrieve", "denss"], 2, "did you mean 'dense'?"),
        (["--model", " "], 2, "model is empty"),
        (["--retrieve", "dense", "--model", "./nowhere"], 3, "'./nowhere' does not exist"),
        (["--model", "http://192.0.2.1/v1:x", "--offline"], 2, "which --offline forbids"),
        (["--model", "some/model", "--offline"], 3, "leave --offline out to fetch it"),
        (["--model", ".", "--device", "abacus"], 2, "device 'abacus' is unknown"),
        (["--model", ".", "--device", "cuda:99"], 2, "CUDA devices on this machine"),
    ],
)
def test_a_wish_that_cannot_be_met_is_said(files, capsys, words, code, says):
    assert main(["link", "left.csv", "right.csv", "-o", "o.csv", *words]) == code
    assert says in capsys.readouterr().err
    assert main(["dedupe", "left.csv", "-o", "o.csv", *words]) == code
    assert says in capsys.readouterr().err


def test_printed_settings_hold_the_wishes(files, capsys, tmp_path):
    words = ["--retrieve", "hybrid", "--model", "a/b", "--device", "cpu", "--offline"]
    for command, inputs in (("link", ["left.csv", "right.csv"]), ("dedupe", ["left.csv"])):
        assert main([command, *inputs, *words, "--print-config"]) == 0
        printed = capsys.readouterr().out
        for line in ('retrieve = "hybrid"', 'model = "a/b"', 'device = "cpu"', "offline = true"):
            assert line in printed
        (tmp_path / "again.toml").write_text(printed)
        assert main([command, "--config", "again.toml", "--print-config"]) == 0
        assert capsys.readouterr().out == printed


def test_dedupe_joins_what_means_the_same(server):
    both = pl.DataFrame({"name": [*names(0), *names(1)]})
    by_letters = dedupe(both, retrieve="lexical")["cluster_id"]
    by_both = dedupe(both, model=server.address)["cluster_id"]
    assert (by_both[:60] == by_both[60:]).mean() > 0.9
    assert by_both.n_unique() > 50
    assert (by_letters[:60] == by_letters[60:]).mean() < 0.1


def test_a_saved_linker_keeps_how_it_compared(server, tables, tmp_path):
    linker = Linker(model=server.address).fit(*tables)
    linker.save(tmp_path / "kept")
    again = Linker.load(tmp_path / "kept")
    assert right_share(again.predict(*tables)) > 0.9
    assert again.linkage.choice.retrieval == "hybrid"
    assert "meaning" in linker.explain(0, 47).evidence


def test_a_linker_of_unknown_retrieval_is_refused(tmp_path, tables):
    names = [f"name{n} word{n * 7}" for n in range(40)]
    table = pl.DataFrame({"name": names})
    Linker(on="name").fit(table, table).save(tmp_path)
    path = tmp_path / "linker.json"
    document = json.loads(path.read_text())
    assert document["retrieve"] == "lexical"
    path.write_text(json.dumps(document | {"retrieve": "smell"}))
    with pytest.raises(InputError, match="not a linkage model"):
        Linker.load(tmp_path)


def test_unknown_wishes_are_refused_in_python_too(tables):
    with pytest.raises(UsageError, match="'fuzzy' not found"):
        link(*tables, retrieve="fuzzy")
    with pytest.raises(UsageError, match="offline"):
        dedupe(tables[0], offline="yes")


def test_letters_load_no_model_library():
    code = (
        "import sys, polars as pl, tk_link\n"
        "names = [f'name{n} word{n * 7} street' for n in range(60)]\n"
        "table = pl.DataFrame({'name': names})\n"
        "tk_link.link(table, table)\n"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'faiss') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

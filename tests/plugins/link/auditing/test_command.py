import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress

import polars as pl
import pytest

from tk.errors import InputError
from tk_cli.main import main
from tk_link.auditing.judgements import Journal
from tk_link.auditing.labelling import judge

WORDS = ["audit", "pairs.csv", "left.csv", "right.csv"]


def asked(keys, pairs, journal):
    """Answer with `keys`; return what was said."""
    said, left = [], iter(keys)
    judge(pairs, journal, card=lambda at: [f"pair {at}"], key=lambda: next(left), say=said.append)
    return said


PAIRS = [("1", "x"), ("2", "y"), ("3", "z")]


def test_every_key_is_kept_and_the_next_run_goes_on(tmp_path):
    journal = Journal(tmp_path / "j.csv")
    asked("yf", PAIRS, journal)
    assert journal.read() == {PAIRS[0]: "y"}
    said = asked("nu", PAIRS, journal)
    assert "pair 0" not in said
    assert journal.read() == dict(zip(PAIRS, "ynu", strict=True))


def test_previous_goes_back_and_the_later_answer_counts(tmp_path):
    journal = Journal(tmp_path / "j.csv")
    asked("yxpnf", PAIRS, journal)
    assert journal.read() == {PAIRS[0]: "n"}
    assert len(journal.path.read_text().splitlines()) == 3


def test_a_line_cut_off_by_a_crash_is_passed_over(tmp_path):
    journal = Journal(tmp_path / "j.csv")
    journal.append({("a,1", 'b"2'): "y"})
    with journal.path.open("a") as stream:
        stream.write("7,8")
    assert journal.read() == {("a,1", 'b"2'): "y"}
    journal.append({("é\n", "b"): "n"})
    assert journal.read() == {("a,1", 'b"2'): "y", ("é\n", "b"): "n"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "holds no judgements"),
        ("left_id,right_id,judgement,when\n1,2,q,t\n", "line 2"),
    ],
)
def test_a_file_of_something_else_is_not_touched(tmp_path, text, said):
    path = tmp_path / "j.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        Journal(path).read()
    assert path.read_text() == text


def test_a_workbook_goes_out_and_comes_back(tables, run, capsys):
    _, truth = run
    assert main([*WORDS, "--sheet", "sheet.xlsx", "--size", "20"]) == 0
    sheet = pl.read_excel("sheet.xlsx", infer_schema_length=None)
    assert sheet.columns[:3] == ["judgement", "left_id", "right_id"]
    assert sheet["left: name"][0] == f"left {sheet['left_id'][0]}"
    said = [truth[pair] for pair in sheet.select("left_id", "right_id").rows()]
    said[0], said[1] = "", "perhaps"
    edited = sheet["left_id"].to_list()
    edited[2] = "a999"
    foreign = sheet.tail(1).with_columns(key=pl.lit("0123456789ab"), judgement=pl.lit("y"))
    filled = sheet.with_columns(judgement=pl.Series(said), left_id=pl.Series(edited))
    pl.concat([filled, foreign]).write_csv("filled.csv")
    assert main([*WORDS[:2], "--filled", "filled.csv", "--size", "20", "--json"]) == 0
    out = capsys.readouterr()
    assert json.loads(out.out)["judged"] == 17
    assert "17 judged, 1 open" in out.err
    for warning in ("row 3: 'perhaps'", "row 4: its ids were", "row 22 (", "is not of this sample"):
        assert warning in out.err
    assert main([*WORDS[:2], "--filled", "filled.csv", "--size", "20", "--seed", "9"]) == 3
    assert "none of its 21 rows is of this sample" in capsys.readouterr().err


def test_ids_with_leading_zeros_survive_the_workbook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ids = [f"{n:04d}" for n in range(30)]
    frame = pl.DataFrame({"left_id": ids, "right_id": ids, "match_probability": [0.9] * 30})
    frame.write_csv("pairs.csv")
    pl.DataFrame({"id": ids, "name": ids}).write_csv("one.csv")
    assert main(["audit", "pairs.csv", "one.csv", "--sheet", "sheet.xlsx"]) == 0
    sheet = pl.read_excel("sheet.xlsx", infer_schema_length=None)
    sheet.with_columns(judgement=pl.lit("y")).write_excel("filled.xlsx")
    assert main(["audit", "pairs.csv", "--filled", "filled.xlsx"]) == 0
    assert len(Journal(tmp_path / "pairs.judgements.csv").read()) == 30


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["audit"], 2, "name the pairs"),
        (["audit", "pairs.csv"], 3, "no accepted pair is judged"),
        ([*WORDS, "--sheet", "a.xlsx", "--filled", "b.xlsx"], 2, "not both"),
        (["audit", "pairs.csv", "--sheet", "a.xlsx"], 2, "name the tables"),
        ([*WORDS, "--sheet", "no/a.xlsx"], 3, "does not exist"),
        ([*WORDS, "--precision", "2"], 2, "between 0 and 1"),
        (["audit", "left.csv"], 3, "no columns left_id and right_id"),
        ([*WORDS, "--filled", "left.csv"], 3, "no sheet of tk audit"),
        (["audit", "pairs.csv", "right.csv", "left.csv", "--sheet", "a.xlsx"], 3, "holds 0 of"),
    ],
)
def test_what_cannot_be_done_is_said(tables, capsys, words, code, said):
    assert main(words) == code
    assert said in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said_before_anybody_judges(tables, capsys):
    tables.chmod(0o500)
    assert main([*WORDS[:2], "--filled", "left.csv"]) == 3
    assert "read-only" in capsys.readouterr().err


def test_a_killed_terminal_session_loses_no_judgement(tables):
    """Judge in a pseudo-terminal, kill -9, and go on where it was."""
    journal = Journal(tables / "pairs.judgements.csv")
    code = "import sys; from tk_cli.main import main; sys.exit(main(sys.argv[1:]))"
    before = 0
    for _ in range(2):
        controller, terminal = pty.openpty()
        os.set_blocking(controller, False)
        with subprocess.Popen(
            [sys.executable, "-c", code, *WORDS], stdin=terminal, stdout=terminal, stderr=terminal
        ) as child:
            os.close(terminal)
            answer_until(controller, journal, before + 3)
            child.send_signal(signal.SIGKILL)
        os.close(controller)
        assert len(journal.read()) >= before + 3
        assert len(journal.read()) == len(journal.path.read_text().splitlines()) - 1  # none twice
        before = len(journal.read())


def answer_until(controller, journal, count):
    """Press y now and then until so many pairs are judged; keys before a question are lost."""
    end = time.monotonic() + 90
    while len(journal.read()) < count:
        assert time.monotonic() < end, "no question was asked"
        os.write(controller, b"y")
        time.sleep(0.1)
        with suppress(BlockingIOError):
            os.read(controller, 100_000)

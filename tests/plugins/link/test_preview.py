import polars as pl

from tk_link.preview import print_preview


def test_preview_shows_the_first_rows_and_the_decision(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    frame = pl.DataFrame(
        {
            "name": [f"firm {at}\nLtd [b]" for at in range(30)],
            "note": ["x" * 60] * 30,
            "more": ["y" * 60] * 30,
            "match_probability": [0.5] * 30,
            "match_status": ["match"] * 30,
        }
    )
    print_preview(frame)
    out = capsys.readouterr().out
    assert "firm 0 Ltd [b]" in out
    assert "firm 11" in out
    assert "firm 12" not in out
    assert "match_probability" in out
    assert "more" not in out
    assert "30 rows × 5 columns; -o FILE keeps all" in out
    assert max(map(len, out.splitlines())) <= 80


def test_preview_of_nothing(capsys):
    print_preview(pl.DataFrame({"left_id": [], "match_status": []}))
    assert "0 rows × 2 columns" in capsys.readouterr().out

"""Tables of all kinds become series on a grid, or say why they cannot."""

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tk import InputError, NotFoundError, UsageError
from tk_timeseries.reading import find_time, read_frame
from tk_timeseries.series import make_panel


def wide(every="1h", count=48, **more):
    times = pl.select(
        pl.datetime_range(pl.lit(datetime(2024, 1, 1)), pl.lit(datetime(2035, 1, 1)), every)
    ).to_series()[:count]
    columns = more or {"sales": np.arange(count, dtype=float)}
    return pl.DataFrame({"when": times, **columns})


@pytest.mark.parametrize("every", ["15m", "1h", "1d", "1w", "1mo", "3mo", "1y"])
def test_the_frequency_is_found_and_continued(every):
    table = wide(every, 12)
    panel = make_panel(table[:9])
    assert panel.frequency.name == every
    ahead = panel.frequency.after(panel.series[0].last, 3)
    assert ahead.to_list() == table["when"][9:].to_list()


def test_month_ends_stay_month_ends():
    ends = wide("1mo", 14).with_columns(pl.col("when").dt.month_end())
    panel = make_panel(ends[:12])
    assert panel.frequency.after(panel.series[0].last, 2).to_list() == ends["when"][12:].to_list()


def test_weekends_are_no_gaps_in_weekdays():
    table = wide("1d", 30).filter(pl.col("when").dt.weekday() <= 5)
    panel = make_panel(table)
    assert panel.frequency.name == "1bd"
    assert not panel.notes
    assert panel.frequency.after(datetime(2024, 1, 5), 1)[0] == datetime(2024, 1, 8)


def test_gaps_are_filled_and_told():
    table = wide(count=20).filter(~pl.col("sales").is_in([4.0, 5.0]))
    panel = make_panel(table)
    assert np.array_equal(panel.series[0].values, np.arange(20))
    assert "2 missing values filled" in panel.notes[0]


def test_unsorted_and_repeated_rows_are_mended_and_told():
    table = wide(count=20)
    panel = make_panel(pl.concat([table[10:], table[:10], table[3:4]]))
    assert np.array_equal(panel.series[0].values, np.arange(20))
    assert any("sorted" in note for note in panel.notes)
    assert any("1 repeated rows dropped" in note for note in panel.notes)


def test_long_tables_hold_series_of_different_lengths():
    long = pl.concat(
        wide(count=rows).with_columns(shop=pl.lit(name)) for name, rows in (("b", 30), ("a", 20))
    )
    panel = make_panel(long, id="shop")
    assert [(s.name, len(s.values)) for s in panel.series] == [("b", 30), ("a", 20)]


def test_duplicates_that_differ_hint_at_the_id_column():
    long = pl.concat(
        wide(count=9, y=np.arange(9) + shift).with_columns(shop=pl.lit(name))
        for name, shift in (("b", 0.0), ("a", 1.0))
    )
    with pytest.raises(InputError, match=r"stand twice.*--id shop"):
        make_panel(long)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"y": [1.0, 2.0, float("inf"), 4.0]}, "1 infinite values, first at 2024-01-01 02:00"),
        ({"y": ["1", "2", "three", "4"]}, "holds text in 1 rows, first 'three' in row 3"),
        ({"y": [None, None, None, float("nan")]}, "no values at all"),
        ({"y": pl.Series([None] * 4, dtype=pl.String), "z": [1, 2, 3, 4]}, "'y' has no values"),
        ({"y": [1.0, None, None, 4.0]}, "lacks 2 of 4 values"),
        ({"name": ["a", "b", "c", "d"]}, "no column holds numbers"),
    ],
)
def test_values_that_cannot_be_forecast_are_named(column, message):
    with pytest.raises(InputError, match=message):
        make_panel(wide(count=4, **column))


def test_a_constant_series_is_told():
    assert "constant (2)" in make_panel(wide(count=4, y=[2.0] * 4)).notes[0]


def test_an_empty_column_beside_a_long_table_is_left_alone():
    remarks = pl.Series([None] * 8, dtype=pl.String)
    hours = [datetime(2024, 1, 1, hour) for hour in range(4)] * 2
    table = pl.DataFrame({"shop": ["a"] * 4 + ["b"] * 4, "t": hours, "y": range(8)})
    assert len(make_panel(table.with_columns(remarks=remarks), id="shop").series) == 2
    with pytest.raises(InputError, match="'remarks' has no values at all"):
        make_panel(table.with_columns(remarks=remarks), id="shop", target=("remarks",))


def test_irregular_stamps_are_refused():
    times = [datetime(2024, 1, day) for day in (1, 2, 4, 8, 16, 17, 30)]
    with pytest.raises(InputError, match=r"irregular.* \(1 day, 0:00:00\).*\(others: 2 days"):
        make_panel(pl.DataFrame({"t": times, "y": range(7)}))


def test_a_stamp_off_the_grid_is_refused():
    table = wide(count=20)
    late = pl.col("when") + pl.when(pl.col("sales") == 7).then(pl.duration(minutes=7)).otherwise(
        pl.duration()
    )
    with pytest.raises(InputError, match="1 of 20 time stamps are not in steps of 1h"):
        make_panel(table.with_columns(when=late))


def test_a_wrong_frequency_is_refused():
    with pytest.raises(InputError, match="--freq 1d does not fit"):
        make_panel(wide(), freq="1d")
    with pytest.raises(UsageError, match="must look like"):
        make_panel(wide(), freq="hourly")
    with pytest.raises(InputError, match=r"in steps of 5m; .*--freq"):
        make_panel(wide(), freq="5m")


def test_mixed_time_zones_are_refused():
    text = ["2024-01-01T00:00+01:00", "2024-01-01T01:00+02:00", "2024-01-01T02:00+01:00"]
    with pytest.raises(InputError, match=r"mixes time zones \(\+01:00, \+02:00\)"):
        make_panel(pl.DataFrame({"t": text, "y": [1, 2, 3]}))


def test_unknown_columns_suggest_the_nearest():
    with pytest.raises(NotFoundError, match="did you mean 'sales'"):
        make_panel(wide(), target=("sale",))
    with pytest.raises(NotFoundError, match="time column"):
        make_panel(wide(), time="whn")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("2024-01-02", datetime(2024, 1, 2)),
        ("2024-03", datetime(2024, 3, 1)),
        ("31.12.2024", datetime(2024, 12, 31)),
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5)),
        ("2024/01/02 03:04", datetime(2024, 1, 2, 3, 4)),
    ],
)
def test_usual_ways_to_write_dates_are_read(text, first, tmp_path):
    (tmp_path / "t.csv").write_text(f"y;t\n1,5;{text}\n")
    name, found = find_time(read_frame(tmp_path / "t.csv"), None)
    assert (name, found[0]) == ("t", first)


@pytest.mark.parametrize("name", ["missing.csv", "empty.csv", "notes.docx", "broken.parquet"])
def test_files_that_cannot_be_read_are_named(name, tmp_path):
    (tmp_path / "empty.csv").write_text("t,y\n")
    (tmp_path / "notes.docx").write_text("x")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=name):
        read_frame(tmp_path / name)

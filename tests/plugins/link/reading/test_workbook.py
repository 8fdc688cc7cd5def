import io

import pytest
import xlsxwriter

from tk.errors import InputError
from tk_link.reading.workbook import read_workbook


def workbook(**sheets) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return stream.getvalue()


def test_sheet_is_chosen_by_name():
    data = workbook(First=[["a"], [1]], Second=[["b"], [2]])
    frame, notes = read_workbook(data, "f", None)
    assert (frame.columns, notes) == (["a"], ["sheet 'First' of 2"])
    frame, notes = read_workbook(data, "f", "Second")
    assert (frame.columns, notes) == (["b"], [])


def test_unknown_sheet_suggests_the_near_one():
    data = workbook(Firms=[["a"], [1]], Other=[["a"], [1]])
    with pytest.raises(InputError, match="f: sheet 'Firm' not found; did you mean 'Firms'"):
        read_workbook(data, "f", "Firm")


def test_text_after_many_numbers_is_kept():
    rows = [["id"], *([number] for number in range(1500)), ["A12"]]
    frame, _ = read_workbook(workbook(A=rows), "f", None)
    assert frame["id"].to_list()[-2:] == ["1499", "A12"]


def test_empty_columns_with_a_name_stay(capfd):
    frame, notes = read_workbook(workbook(A=[["a", "b", "", 2024], [1, "", 3, 4]]), "f", None)
    assert frame.rows() == [(1, None, 3, 4)]
    assert frame.columns == ["a", "b", "column_3", "2024"]
    assert notes == ["blank column name read as 'column_3'"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["a", "b", "a"], [1, 2, 3]], r"column name 'a' is used more than once \(columns 1, 3\)"),
        ([], "sheet 'A' is empty"),
    ],
)
def test_sheets_that_are_no_tables(rows, message):
    with pytest.raises(InputError, match=message):
        read_workbook(workbook(A=rows), "f", None)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.98])
def test_cut_off_workbooks_are_refused(cut):
    data = workbook(A=[["a"], [1]])
    with pytest.raises(InputError, match=r"^f is not a whole Excel file"):
        read_workbook(data[: int(len(data) * cut)], "f", None)

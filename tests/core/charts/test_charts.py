import io
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tk.charts import (
    STYLE,
    Axis,
    Band,
    Bars,
    Chart,
    Line,
    Points,
    Rule,
    Step,
    around,
    inline,
    to_figure,
    to_page,
    to_png,
    to_svg,
)

NS = {"s": "http://www.w3.org/2000/svg"}
EVERY_MARK = Chart(
    "Scores & <cuts>",
    Axis("share", 0, 1, "percent"),
    Axis("pairs", 0, 20_000),
    [
        Band([0, 1], [0, 100], [10, 200], "interval"),
        Line([0, 0.5, 1], [0, 5, 20_000], "line", is_dashed=True),
        Step([0, 1], [3, 4], "steps", tone=2),
        Bars([0, 0.5, 1], [12_000, 7], "bars"),
        Points([0.5], [9], [8], [10], "dots"),
        Rule(0.5, "x", "cut"),
        Rule(5, "y"),
    ],
    "Most lie below the cut.",
)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_are_few_rise_and_stay_on_the_axis(low, length):
    axis = Axis("a", low, low + max(length, abs(low) * 1e-6))
    ticks = axis.ticks()
    slack = (axis.high - axis.low) * 1e-6
    assert ticks == sorted(ticks)
    assert len(ticks) <= 7
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in ticks)


def test_an_axis_around_values_holds_them_all():
    axis = around("a", [3.2, 17.9, float("nan")])
    assert (axis.low, axis.high) == (0.0, 20.0)
    assert around("a", [4.0]).low < 4 < around("a", [4.0]).high


def test_an_axis_without_length_is_refused():
    with pytest.raises(ValueError, match="'share' runs from 1"):
        Axis("share", 1, 1)


def test_an_svg_can_be_parsed_and_read_aloud():
    root = ET.fromstring(to_svg(EVERY_MARK))
    assert root.find("s:title", NS).text == "Scores & <cuts>"
    assert root.find("s:desc", NS).text == "Most lie below the cut."
    words = [found.text for found in root.findall("s:text", NS)]
    assert {"20,000", "100%", "interval", "dots", "pairs"} <= set(words)


def test_a_chart_in_a_page_brings_no_style_of_its_own_and_no_paper():
    assert "<style" not in inline(EVERY_MARK)
    assert "<rect" not in inline(EVERY_MARK)


def test_marks_lie_where_their_numbers_say():
    chart = Chart("t", Axis("x"), Axis("y"), [Points([0, 1], [0, 1])])
    low, high = ET.fromstring(inline(chart)).findall("s:circle", NS)
    assert float(low.get("cx")) < float(high.get("cx"))
    assert float(low.get("cy")) > float(high.get("cy"))  # pixels count downwards


def test_a_page_holds_each_chart_with_its_numbers_and_needs_no_network():
    page = to_page("T <1>", [EVERY_MARK], rows=[("precision", "97%")])
    assert "T &lt;1&gt;" in page
    assert STYLE in page
    assert "<td>97%</td>" in page
    assert "<td>12000</td>" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert to_figure(EVERY_MARK) in page


def test_a_png_is_a_picture_with_ink_on_paper():
    image = pytest.importorskip("PIL.Image")
    picture = image.open(io.BytesIO(to_png(EVERY_MARK, EVERY_MARK, EVERY_MARK)))
    assert picture.size == (2080, 1440)
    colours = {colour for _, colour in picture.getcolors(1_000_000)}
    assert {(255, 255, 255), (28, 35, 48), (31, 111, 209)} <= colours


def test_charts_import_no_heavy_library():
    code = (
        "import sys, tk.charts;print(*{'numpy', 'polars', 'PIL', 'torch', 'rich'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_time_axis_writes_dates_that_stay_on_the_sheet():
    days = Axis("", 0, 10 * 86_400, "time")
    texts = ET.fromstring(inline(Chart("t", days, Axis("y")))).findall("s:text", NS)
    (last,) = [text for text in texts if text.text == "1970-01-11 00:00"]
    assert last.get("text-anchor") == "end"
    assert float(last.get("x")) <= 520


def test_wide_charts_stand_under_each_other():
    assert "figure{grid-column:1/-1}" in to_page("T", [EVERY_MARK], width=900)
    assert "<pre>a &lt; b</pre>" in to_page("T", [EVERY_MARK], texts=["a < b"])

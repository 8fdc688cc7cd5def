import re

import pytest

from tk_link.page.content import Example, Step
from tk_link.page.waterfall import bar, share_bar, total_bar

STEPS = (Step("prior", -4.0, 0.0), Step("name", 10.0, -4.0), Step("city", -2.0, 6.0))
EXAMPLE = Example("a pair", "match", ("1", "2"), STEPS, (), 4.0, -4.0, 6.0)


def drawn(svg):
    """Return where the bar begins and ends, in percent, and its kind."""
    found = re.search(r'class="(\w+)" x="([\d.]+)%" y="15%" width="([\d.]+)%"', svg)
    kind, x, width = found.groups()
    return kind, float(x), float(x) + float(width)


def test_each_step_begins_where_the_last_one_ended():
    assert drawn(bar(EXAMPLE, STEPS[0])) == ("down", 0, 40)
    assert drawn(bar(EXAMPLE, STEPS[1])) == ("up", 0, 100)
    assert drawn(bar(EXAMPLE, STEPS[2])) == ("down", 80, 100)
    assert drawn(total_bar(EXAMPLE)) == ("up", 40, 80)


def test_the_smallest_step_can_be_seen_and_stays_inside():
    kind, start, end = drawn(bar(EXAMPLE, Step("tiny", 1e-9, 6.0)))
    assert kind == "up"
    assert end - start > 0.5
    assert end == pytest.approx(100)


def test_a_share_is_drawn_from_the_left():
    assert drawn(share_bar(0.25)) == ("share", 0, 25)

"""A page as one HTML file: styles and script inside, no network, nothing in it can run but ours."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tk.charts import STYLE, Chart, inline
from tk_link.atomic import replacing
from tk_link.page.content import Page
from tk_link.page.parts import chance, percent
from tk_link.page.waterfall import bar, share_bar, total_bar

_WIDTH, _HEIGHT = 400, 270


def write_page(page: Page, path: str) -> None:
    """Write `page` to a file, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    document = render(page).encode("utf-8", errors="replace")
    with replacing(Path(path).expanduser()) as stream:
        stream.write(document)


def render(page: Page) -> str:
    """Return the HTML document of `page`."""
    style, script = _asset("page.css") + STYLE, _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template("page.html")
        .render(page=page, style=Markup(style), script=Markup(script), digest=digest)
    )


@cache
def _environment() -> Environment:
    """Return the templates' surroundings: everything is escaped unless it is drawn here."""
    found = Environment(
        loader=PackageLoader("tk_link", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["chart"] = _chart
    found.filters |= {"percent": percent, "chance": chance, "bits": _bits}
    found.globals |= {"bar": bar, "share_bar": share_bar, "total_bar": total_bar}
    return found


def _chart(chart: Chart) -> Markup:
    return Markup(inline(chart, width=_WIDTH, height=_HEIGHT))  # it escapes


def _bits(value: float) -> str:
    """Write bits with their sign; nothing is neither more nor less."""
    return f"{value:+.1f}".replace("-", "−") if abs(value) >= 0.05 else "0.0"


def _asset(name: str) -> str:
    return (files("tk_link.page") / name).read_text("utf-8")

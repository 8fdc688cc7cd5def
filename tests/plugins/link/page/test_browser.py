"""The page in a real browser, as far as it can be judged without eyes."""

import pytest
from browsers import CHROMIUM, Browser

from tk_link.dedupe.settings import DedupeSettings
from tk_link.page.content import Recipe
from tk_link.page.deduped import dedupe_page
from tk_link.page.linked import link_page
from tk_link.page.rendering import write_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=document.title=1>"
RECIPES = (Recipe("Command", f"tk link '{HOSTILE}'"),)

# Text whose contrast with what lies behind it is under 4.5 : 1 (WCAG 2.1 AA).
FAINT = """
(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *:not(svg *):not(script)")]
    .filter((node) => [...node.childNodes].some((n) => n.nodeType == 3 && n.data.trim()))
    .filter((node) => {
      const pair = [light(getComputedStyle(node).color), light(behind(node))].sort();
      return (pair[1] + 0.05) / (pair[0] + 0.05) < 4.5;
    })
    .map((node) => node.outerHTML.slice(0, 80));
})()
"""


@pytest.fixture(scope="module")
def pages(linked, searched, tmp_path_factory):
    """A linkage and a search, written to files."""
    folder = tmp_path_factory.mktemp("pages")
    run, stacked = searched
    write_page(link_page(*linked, RECIPES), str(folder / "link.html"))
    write_page(dedupe_page(run, stacked, DedupeSettings(), RECIPES), str(folder / "dedupe.html"))
    return [(folder / name).as_uri() for name in ("link.html", "dedupe.html")]


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        yield found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_fits_its_screen_and_can_be_read(browser, pages, width, theme):
    for page in pages:
        browser.open(page, width=width, theme=theme)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.evaluate(FAINT) == []
        assert browser.evaluate("document.title").startswith("tk ")
        kinds = [event["method"] for event in browser.events]
        assert kinds.count("Network.requestWillBeSent") == 1
        assert "Runtime.exceptionThrown" not in kinds
        assert [e["params"] for e in browser.events if e["method"] == "Log.entryAdded"] == []


def test_a_recipe_is_copied_with_one_click(browser, pages):
    browser.open(pages[0])
    browser("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    browser.evaluate("document.querySelector('button.copy').click()")
    copied = "new Promise((done) => setTimeout(() => done(getSelection().toString()), 50))"
    browser("Runtime.evaluate", expression=copied, awaitPromise=True)
    assert browser.evaluate("document.querySelector('button.copy').textContent") == "Copied"


def test_every_table_and_chart_says_what_it_is(browser, pages):
    for page in pages:
        browser.open(page)
        browser("Accessibility.enable")
        nodes = browser("Accessibility.getFullAXTree")["nodes"]
        wanted = {"table", "image", "button", "region"}
        named = [
            (node["role"]["value"], node["name"]["value"])
            for node in nodes
            if not node["ignored"] and node["role"]["value"] in wanted
        ]
        assert wanted - {role for role, _ in named} == set()
        assert [node for node in named if not node[1]] == []


def test_print_shows_what_is_folded_on_the_screen(browser, pages, tmp_path):
    browser.open(pages[1])
    browser("Emulation.setEmulatedMedia", media="print", features=[])
    folded = "[...document.querySelectorAll('details:not([open]) > :not(summary)')]"
    heights = browser.evaluate(f"{folded}.map((e) => e.getBoundingClientRect().height)")
    assert heights
    assert min(heights) > 0
    browser.print(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")

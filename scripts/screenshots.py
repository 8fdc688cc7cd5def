"""Look at a page as people will: ``python scripts/screenshots.py PAGE.html FOLDER``.

Writes one PNG for each width and theme, and the PDF that a printer would get.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsers import Browser

_WIDTHS = {"desktop": 1280, "phone": 390}


def main(page: Path, folder: Path) -> None:
    """Write the pictures and say where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    with Browser() as browser:
        for name, width in _WIDTHS.items():
            for theme in ("light", "dark"):
                browser.open(page.resolve().as_uri(), width=width, theme=theme)
                picture = folder / f"{page.stem}-{name}-{theme}.png"
                browser.screenshot(picture)
                print(picture)
        browser.open(page.resolve().as_uri())
        printed = folder / f"{page.stem}.pdf"
        browser.print(printed)
        print(printed)


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(Path(sys.argv[1]), Path(sys.argv[2]))

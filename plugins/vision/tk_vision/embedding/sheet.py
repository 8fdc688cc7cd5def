"""A contact sheet of near-duplicates: a row of small pictures for each group, as HTML or PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import polars as pl
from PIL import Image

from tk_vision.drawing import GRID, INK, MUTED, Sheet, shortened
from tk_vision.pictures.decoding import decode
from tk_vision.pictures.picture import Picture

_GROUPS, _ACROSS = 100, 8
"""What a sheet shows; the table has all."""
_SIDE, _GAP, _HEAD, _WORDS = 112, 12, 30, 34
Row = dict[str, Any]
_STYLE = (
    "body{margin:1.5rem auto;max-width:72rem;padding:0 1rem;"
    "font:14px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
    "color:#1c2330;background:#fff}h2{font-size:1rem;margin:1.2rem 0 .4rem}"
    ".row{display:flex;flex-wrap:wrap;gap:.8rem}figure{margin:0;width:9rem}"
    "img{width:9rem;height:9rem;object-fit:contain;background:#f1f5fb}"
    "figcaption{font-size:.8rem;overflow-wrap:anywhere;color:#5b6472}.keep{color:#1f6fd1}"
)


def to_html(duplicates: pl.DataFrame, pictures: Sequence[Picture], title: str) -> str:
    """Return a page that needs no network."""
    body = []
    for rows in _groups(duplicates):
        figures = "".join(_figure(row, pictures) for row in rows[:_ACROSS])
        body.append(f'<h2>{escape(_heading(rows))}</h2><div class="row">{figures}</div>')
    note = f"<p>{escape(_note(duplicates))}</p>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>{note}\n{chr(10).join(body)}</body></html>\n"
    )


def to_png(duplicates: pl.DataFrame, pictures: Sequence[Picture]) -> bytes:
    """Return the sheet as a picture."""
    groups = list(_groups(duplicates))
    tall = _HEAD + _SIDE + _WORDS + _GAP
    sheet = Sheet(_GAP + _ACROSS * (_SIDE + _GAP), 40 + tall * len(groups))
    sheet.text(_GAP, 26, _note(duplicates), INK)
    for number, rows in enumerate(groups):
        top = 40 + number * tall
        sheet.line([(_GAP, top), (_ACROSS * (_SIDE + _GAP), top)], GRID)
        sheet.text(_GAP, top + 20, _heading(rows), INK)
        for place, row in enumerate(rows[:_ACROSS]):
            left, under = _GAP + place * (_SIDE + _GAP), top + _HEAD
            sheet.paste(_small(pictures[row["row"]], 2 * _SIDE), left, under)
            name = shortened(row["picture"].rpartition("/")[2], 16)
            sheet.text(left, under + _SIDE + 14, name, INK)
            sheet.text(left, under + _SIDE + 29, _caption(row), MUTED)
    return sheet.png()


def _groups(duplicates: pl.DataFrame) -> Iterator[list[Row]]:
    for part in duplicates.partition_by("group", maintain_order=True)[:_GROUPS]:
        yield part.to_dicts()


def _note(duplicates: pl.DataFrame) -> str:
    count = duplicates["group"].n_unique()
    shown = f"; the first {_GROUPS} groups are shown" if count > _GROUPS else ""
    return f"{len(duplicates)} pictures in {count} groups of near-duplicates{shown}"


def _heading(rows: Sequence[Row]) -> str:
    more = f", {_ACROSS} shown" if len(rows) > _ACROSS else ""
    return f"group {rows[0]['group']}: {len(rows)} pictures{more}"


def _caption(row: Row) -> str:
    if row["keep"]:
        return f"{row['width']} × {row['height']}, kept"
    how = "same file" if row["is_copy"] else f"{row['similarity']:.3f}, {row['hash_distance']} bits"
    return how


def _figure(row: Row, pictures: Sequence[Picture]) -> str:
    out = io.BytesIO()
    _small(pictures[row["row"]], 2 * _SIDE).save(out, "JPEG", quality=80)
    data = base64.b64encode(out.getvalue()).decode()
    name, kind = escape(str(row["picture"])), ' class="keep"' if row["keep"] else ""
    size = f"{row['width']} × {row['height']}"
    words = f"{name}<br><span{kind}>{escape(_caption(row))}</span>"
    return (
        f'<figure><img alt="{name}, {size}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{words}</figcaption></figure>"
    )


def _small(picture: Picture, side: int) -> Image.Image:
    image = decode(picture, shorter=side)
    image.thumbnail((side, side))
    return image

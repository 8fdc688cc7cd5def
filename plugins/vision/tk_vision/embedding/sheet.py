"""A contact sheet of near-duplicates: a row of small pictures for each group, as HTML or PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import polars as pl
from PIL import Image, ImageOps

from tk_vision.drawing import INK, MUTED, Sheet, shortened
from tk_vision.pictures.decoding import decode
from tk_vision.pictures.picture import Picture

_GROUPS, _ACROSS = 100, 8
"""What a sheet shows; the table has all."""
_SIDE, _GAP, _HEAD, _TOP = 112, 12, 30, 40
_CELL, _TALL = _SIDE + _GAP, _SIDE + 34 + _HEAD + _GAP
Row = dict[str, Any]
_STYLE = (
    "body{margin:1.5rem auto;max-width:72rem;padding:0 1rem;"
    "font:14px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
    "color:#1c2330;background:#fff}h2{font-size:1rem;margin:.5rem 0 .4rem}"
    "main{display:flex;flex-wrap:wrap;gap:0 2rem}section{border-top:1px solid #c8cfd9}"
    ".row{display:flex;flex-wrap:wrap;gap:.8rem;margin-bottom:1rem}figure{margin:0;width:9rem}"
    "img{width:9rem;height:9rem;object-fit:contain;background:#f1f5fb}"
    "figcaption{font-size:.8rem;overflow-wrap:anywhere;color:#5b6472}.keep{color:#1f6fd1}"
)


def to_html(duplicates: pl.DataFrame, pictures: Sequence[Picture], title: str) -> str:
    """Return a page that needs no network."""
    body = []
    for rows in _groups(duplicates):
        figures = "".join(_figure(row, pictures) for row in rows[:_ACROSS])
        heading = escape(_heading(rows))
        body.append(f'<section><h2>{heading}</h2><div class="row">{figures}</div></section>')
    note = f"<p>{escape(_note(duplicates))}</p>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>{note}\n<main>{chr(10).join(body)}</main></body></html>\n"
    )


def to_png(duplicates: pl.DataFrame, pictures: Sequence[Picture]) -> bytes:
    """Return the sheet as a picture; groups stand side by side where there is room."""
    places, lines = _placed(list(_groups(duplicates)))
    sheet = Sheet(_GAP + _ACROSS * _CELL, _TOP + _TALL * lines)
    sheet.text(_GAP, 26, _note(duplicates), INK)
    for rows, line, column in places:
        left, top = _GAP + column * _CELL, _TOP + line * _TALL
        right = left + len(rows[:_ACROSS]) * _CELL - _GAP
        sheet.line([(left, top), (right, top)], MUTED)
        sheet.text(left, top + 20, _heading(rows), INK)
        for number, row in enumerate(rows[:_ACROSS]):
            _paste(sheet, row, pictures, left + number * _CELL, top + _HEAD)
    return sheet.png()


def _placed(groups: list[list[Row]]) -> tuple[list[tuple[list[Row], int, int]], int]:
    """Return each group with its line and its first column, and the number of lines."""
    placed, line, column = [], 0, 0
    for rows in groups:
        wide = min(len(rows), _ACROSS)
        if column and column + wide > _ACROSS:
            line, column = line + 1, 0
        placed.append((rows, line, column))
        column += wide
    return placed, line + 1


def _paste(sheet: Sheet, row: Row, pictures: Sequence[Picture], left: float, top: float) -> None:
    sheet.paste(_small(pictures[row["row"]], 2 * _SIDE), left, top)
    name = shortened(row["picture"].rpartition("/")[2], 16)
    sheet.text(left, top + _SIDE + 14, name, INK)
    sheet.text(left, top + _SIDE + 29, _caption(row), MUTED)


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
    if row["is_copy"]:
        return "the same file"
    return f"{row['similarity']:.3f}, {row['hash_distance']} bits"


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
    return ImageOps.contain(image, (side, side))

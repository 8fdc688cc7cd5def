"""A row as a small web page: what OpenRefine shows in a frame, and what an id links to."""

from __future__ import annotations

from html import escape

from tk_link.lookup.index import Index

_STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:8px;color:#222;background:#fff}"
    "h1{font-size:16px;margin:0 0 6px}th{text-align:left;padding:0 10px 0 0;color:#666;"
    "font-weight:normal;vertical-align:top}td{word-break:break-word}"
)
WIDTH, HEIGHT = 400, 240


def page(index: Index, row: int) -> str:
    """Return a page of a row's filled columns."""
    values = index.table.row(row, named=True)
    lines = "".join(
        f"<tr><th>{escape(column)}</th><td>{escape(value)}</td></tr>"
        for column, value in values.items()
        if value
    )
    name = escape(index.name_of(row))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{name}</h1><table>{lines}</table></body></html>"
    )

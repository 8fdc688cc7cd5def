"""The options of `tk dedupe` that `tk link` has not, as the command line shows them."""

from __future__ import annotations

from typing import Annotated

import typer

_COLUMNS = "Columns"
_DECIDING = "Deciding"
_OUTPUT = "Output"
_RUN = "Run"

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="Tables to search, one or more: csv, tsv, parquet, jsonl, json, xlsx "
        "(book.xlsx::Sheet), arrow, each also .gz or .zst; 'part-*.csv'; https:// or s3://…; "
        "sqlite:///FILE::TABLE, duckdb:///…, postgresql://…::'SELECT …'; - is standard input. "
        "Several are stacked, with a column that says which file a row is from.",
    ),
]
On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="COLS",
        rich_help_panel=_COLUMNS,
        help="Columns to compare: name,city. All that say something where left out.",
    ),
]
Id = Annotated[
    str | None,
    typer.Option(
        "--id", metavar="COL", rich_help_panel=_COLUMNS, help="Column that names the rows."
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="COL",
        rich_help_panel=_COLUMNS,
        help="Column that says where a row is from; made for several files, under this name. "
        "[dim]\\[default: source][/dim]",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="average|cc|complete|single-best",
        rich_help_panel=_DECIDING,
        help="How pairs become clusters: by the mean over pairs, whatever is connected, only where "
        "every pair fits, or each row with its best partner. [dim]\\[default: average][/dim]",
    ),
]
MaxCluster = Annotated[
    int | None,
    typer.Option(
        "--max-cluster",
        metavar="N",
        rich_help_panel=_DECIDING,
        help="Warn of clusters of more rows than this. [dim]\\[default: 50][/dim]",
    ),
]
MinProb = Annotated[
    float | None,
    typer.Option(
        "--min-prob",
        metavar="P",
        rich_help_panel=_DECIDING,
        help="Probability from which rows belong together. [dim]\\[default: 0.5][/dim]",
    ),
]
AcrossOnly = Annotated[
    bool,
    typer.Option(
        "--across-only",
        rich_help_panel=_DECIDING,
        help="Join rows of different files only; no file has duplicates of its own.",
    ),
]
Keep = Annotated[
    str | None,
    typer.Option(
        "--keep",
        metavar="all|first|best|golden",
        rich_help_panel=_OUTPUT,
        help="Rows to write: all, each cluster's first or most complete one, or one merged from "
        "all. [dim]\\[default: all][/dim]",
    ),
]
Golden = Annotated[
    list[str] | None,
    typer.Option(
        "--golden",
        metavar="RULES",
        rich_help_panel=_OUTPUT,
        help="How --keep golden merges: most-complete, longest, mode, latest:COL or source (the "
        "order of files), for all columns or each: longest,city=mode. "
        "[dim]\\[default: most-complete][/dim]",
    ),
]
Pairs = Annotated[
    str | None,
    typer.Option(
        "--pairs",
        metavar="FILE",
        rich_help_panel=_OUTPUT,
        help="Also write the joined pairs: left_id, right_id, match_probability.",
    ),
]
Draws = Annotated[
    int | None,
    typer.Option(
        "--draws",
        metavar="N",
        rich_help_panel=_OUTPUT,
        help="Write N plausible clusterings instead of one: draw, id, cluster_id.",
    ),
]
AllPairs = Annotated[
    bool,
    typer.Option(
        "--all",
        rich_help_panel=_OUTPUT,
        help="Write every scored pair to --pairs, with what tk audit wants to know of it.",
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        rich_help_panel=_RUN,
        help="TOML file whose \\[dedupe] table holds these options; options given here come first.",
    ),
]

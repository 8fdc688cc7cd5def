"""The options of `tk link` as the command line shows them; `tk dedupe` shares most of them."""

from __future__ import annotations

from typing import Annotated

import typer

_COLUMNS = "Columns"
_CANDIDATES = "Candidates"
_DECIDING = "Deciding"
_OUTPUT = "Output"
_RUN = "Run"
_SHARDS = "Over shards"
_TALK = "Messages"

Left = Annotated[
    str | None,
    typer.Argument(
        metavar="LEFT",
        show_default=False,
        help="Table whose rows seek a partner: csv, tsv, parquet, jsonl, json, xlsx "
        "(book.xlsx::Sheet), arrow, each also .gz or .zst; 'part-*.csv'; https:// or s3://…; "
        "sqlite:///FILE::TABLE, duckdb:///…, postgresql://…::'SELECT …'; - is standard input.",
    ),
]
Right = Annotated[
    str | None,
    typer.Argument(metavar="RIGHT", show_default=False, help="Table in which partners are sought."),
]

On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="COLS",
        rich_help_panel=_COLUMNS,
        help="Columns to compare: name,city or 'name=title,first+last=person,kg*2.205=pounds'. "
        "Aligned by themselves where left out.",
    ),
]
LeftOn = Annotated[
    str | None,
    typer.Option("--left-on", metavar="COLS", rich_help_panel=_COLUMNS, help="Left columns, …"),
]
RightOn = Annotated[
    str | None,
    typer.Option(
        "--right-on", metavar="COLS", rich_help_panel=_COLUMNS, help="… and their right ones."
    ),
]
LeftId = Annotated[
    str | None,
    typer.Option(
        "--left-id", metavar="COL", rich_help_panel=_COLUMNS, help="Column that names left rows."
    ),
]
RightId = Annotated[
    str | None,
    typer.Option(
        "--right-id", metavar="COL", rich_help_panel=_COLUMNS, help="Column that names right rows."
    ),
]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="COL=TYPE",
        rich_help_panel=_COLUMNS,
        help="Type of a column: text, name, org, address, code, email, phone, number, date, geo, "
        "category. Repeat for more.",
    ),
]
Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        metavar="COL=NUMBER",
        rich_help_panel=_COLUMNS,
        help="Count a column's evidence this many times. Repeat for more.",
    ),
]
Require = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        metavar="COLS",
        rich_help_panel=_COLUMNS,
        help="Columns that must agree in a match.",
    ),
]
ForbidConflict = Annotated[
    list[str] | None,
    typer.Option(
        "--forbid-conflict",
        metavar="COLS",
        rich_help_panel=_COLUMNS,
        help="Columns that must not differ where both are filled.",
    ),
]

Block = Annotated[
    list[str] | None,
    typer.Option(
        "--block",
        metavar="COLS",
        rich_help_panel=_CANDIDATES,
        help="Compare only rows that agree on these columns; repeat for alternatives.",
    ),
]
K = Annotated[
    int | None,
    typer.Option("--k", rich_help_panel=_CANDIDATES, help="Candidates looked at for each row."),
]

Retrieve = Annotated[
    str | None,
    typer.Option(
        "--retrieve",
        metavar="auto|lexical|dense|hybrid",
        rich_help_panel=_CANDIDATES,
        help="Find candidates by letters, by meaning, or by both; auto looks at the texts. "
        "[dim]\\[default: auto][/dim]",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|PATH|URL",
        rich_help_panel=_CANDIDATES,
        help="What compares meaning: a name of tk encoders, a sentence-transformers model by "
        "folder or hub name, or http://host/v1:name. [dim]\\[default: minilm][/dim]",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="cpu|cuda|…",
        rich_help_panel=_RUN,
        help="What the model computes on. [dim]\\[default: the fastest there is][/dim]",
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", rich_help_panel=_RUN, help="Use models and tables of this machine only."
    ),
]

How = Annotated[
    str | None,
    typer.Option(
        "--how",
        metavar="auto|1:1|m:1|1:m|m:m",
        rich_help_panel=_DECIDING,
        help="Partners a row may have on either side. [dim]\\[default: auto][/dim]",
    ),
]
Ties = Annotated[
    str | None,
    typer.Option(
        "--ties",
        metavar="drop|first|all",
        rich_help_panel=_DECIDING,
        help="Rows whose best candidates cannot be told apart. [dim]\\[default: drop][/dim]",
    ),
]
Top = Annotated[
    int | None,
    typer.Option("--top", rich_help_panel=_DECIDING, help="Partners kept per left row, at most."),
]
MinProb = Annotated[
    float | None,
    typer.Option(
        "--min-prob",
        metavar="P",
        rich_help_panel=_DECIDING,
        help="Probability from which a pair is a match. [dim]\\[default: 0.5][/dim]",
    ),
]
Precision = Annotated[
    float | None,
    typer.Option(
        "--precision",
        metavar="P",
        rich_help_panel=_DECIDING,
        help="Cut where this share of the matches is true; exit 5 where that cannot be had.",
    ),
]
ReviewBand = Annotated[
    str | None,
    typer.Option(
        "--review-band",
        metavar="LOW,HIGH",
        rich_help_panel=_DECIDING,
        help="Give pairs between these probabilities the status review.",
    ),
]
AllPairs = Annotated[
    bool,
    typer.Option(
        "--all", rich_help_panel=_DECIDING, help="Keep every scored pair, not only matches."
    ),
]

Judged = Annotated[
    list[str] | None,
    typer.Option(
        "--judged",
        metavar="FILE",
        rich_help_panel=_DECIDING,
        help="Obey these judgements, as tk audit keeps them: pairs judged the same are joined, "
        "pairs judged different never. Repeat for more.",
    ),
]

Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        rich_help_panel=_OUTPUT,
        help="File to write, in the format of its suffix, or a database's table: "
        "sqlite:///FILE::TABLE. Else csv goes to standard output, or a preview to the terminal.",
    ),
]
Join = Annotated[
    str | None,
    typer.Option(
        "--join",
        metavar="left|inner|right|outer|anti",
        rich_help_panel=_OUTPUT,
        help="Rows to write; left keeps every left row. [dim]\\[default: left][/dim]",
    ),
]
Pairs = Annotated[
    bool,
    typer.Option(
        "--pairs", rich_help_panel=_OUTPUT, help="Write left_id, right_id and the decision alone."
    ),
]
Suffix = Annotated[
    str | None,
    typer.Option(
        "--suffix",
        rich_help_panel=_OUTPUT,
        help="Added to a right column whose name clashes. [dim]\\[default: _r][/dim]",
    ),
]
IfExists = Annotated[
    str | None,
    typer.Option(
        "--if-exists",
        metavar="fail|replace|append",
        rich_help_panel=_OUTPUT,
        help="What becomes of an output that is there. "
        "[dim]\\[default: replace a file, fail for a table of a database][/dim]",
    ),
]
Draws = Annotated[
    int | None,
    typer.Option(
        "--draws",
        metavar="N",
        rich_help_panel=_OUTPUT,
        help="Write N plausible link sets instead of one: draw, left_id, right_id.",
    ),
]
Explain = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="[=text|columns|json]",
        rich_help_panel=_OUTPUT,
        help="Say why: match_why as text or json, or one column of bits for each field.",
    ),
]
Report = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        rich_help_panel=_OUTPUT,
        help="Also write a page about the run: scores, cuts, reasons, close calls.",
    ),
]

State = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="FILE",
        rich_help_panel=_RUN,
        help="Go on from this file, made by the first run: its rows take part too, and it keeps "
        "cluster ids and judgements.",
    ),
]
Earlier = Annotated[
    str | None,
    typer.Option(
        "--earlier",
        metavar="revise|keep",
        rich_help_panel=_RUN,
        help="With --state: what earlier runs decided is revised where more rows say otherwise, or "
        "stays, so that every earlier row keeps its cluster id. [dim]\\[default: revise][/dim]",
    ),
]
WorkDir = Annotated[
    str | None,
    typer.Option(
        "--work-dir",
        metavar="FOLDER",
        rich_help_panel=_SHARDS,
        help="Work in shards and keep what each stage makes here: tables larger than memory, and "
        "runs that resume where they stopped. A table may be a folder of Parquet files; -o names a "
        "folder.",
    ),
]
Executor = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="local|ray",
        rich_help_panel=_SHARDS,
        help="Where shards are worked on: processes of this machine, or Ray (extra ray; a cluster "
        "by RAY_ADDRESS). [dim]\\[default: local][/dim]",
    ),
]
ShardRows = Annotated[
    int | None,
    typer.Option(
        "--shard-rows",
        metavar="N",
        rich_help_panel=_SHARDS,
        help="Rows in a shard of a Parquet file; other files are one shard each. "
        "[dim]\\[default: 250000][/dim]",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        rich_help_panel=_SHARDS,
        help="Shards worked on at once. [dim]\\[default: one a processor][/dim]",
    ),
]

Plan = Annotated[
    bool,
    typer.Option(
        "--plan", rich_help_panel=_RUN, help="Say what would be done and what it takes, then stop."
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample", metavar="N", rich_help_panel=_RUN, help="Try it on N left rows, drawn by seed."
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", rich_help_panel=_RUN, help="Same seed, same result. [dim]\\[default: 0][/dim]"
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads", rich_help_panel=_RUN, help="Processor threads. [dim]\\[default: all][/dim]"
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        rich_help_panel=_RUN,
        help="TOML file whose \\[link] table holds these options; options given here come first.",
    ),
]
PrintConfig = Annotated[
    bool,
    typer.Option(
        "--print-config",
        rich_help_panel=_RUN,
        help="Print the TOML that repeats this run, and stop.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", rich_help_panel=_TALK, help="No summary, no progress.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", rich_help_panel=_TALK, help="Also timings and details.")
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        rich_help_panel=_TALK,
        help="Print the summary as JSON on standard output; the table then needs -o.",
    ),
]

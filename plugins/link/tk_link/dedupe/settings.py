"""A whole deduplication as data: files and options from keywords or TOML, and back to TOML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from tk.errors import UsageError
from tk_link.config import Earlier, IfExists, check_earlier, check_if_exists
from tk_link.dedupe.config import EVERY, DedupeConfig
from tk_link.settings import SHARDS, checked_options, convert_all, converted, shards_of
from tk_link.shards.config import ShardConfig
from tk_link.toml import write_toml_table
from tk_link.values import CONVERTERS, split_columns, to_names, to_switch, to_text
from tk_link.values import to_texts_by_column as by_column

_DEDUPE = tuple(option.name for option in fields(DedupeConfig))
_RUN = (
    *("files", "output", "pairs", "if_exists", "all_pairs", "report"),
    *("state", "earlier", "judged"),
)
_BY_COLUMN = ("types", "weights", "golden")


_INSTEAD = {
    "all": "lower --min-prob for more pairs, or leave work_dir out",
    "report": "make one of a part of the rows, or leave work_dir out",
    "if_exists": "name an empty folder with -o",
    "state": "the work folder keeps what is done; search all rows again with a new one",
    "judged": "search without it, then judge the pairs; or leave work_dir out",
}
"""What to do where an option is refused over shards."""


@dataclass(frozen=True)
class DedupeSettings:
    """One run: what is searched, how, and what is written.

    Attributes:
        files: The inputs, as `tk_link.reading.read_table` takes them.
        dedupe: How to find duplicates, and which rows to keep.
        output: File to write; None writes to standard output.
        pairs: File to write the joined pairs to; None writes none.
        if_exists: What becomes of outputs that are there; see `tk_link.config.OutputConfig`.
        all_pairs: Write every scored pair to it, each with its status.
        report: File for a page about the run; None writes none.
        state: File that the run goes on from and writes down what it found in; None has none.
        earlier: Whether what earlier runs decided may be revised, or stays.
        judged: Files of judgements to obey.
        shards: How to work over shards; None works on the whole tables at once.
    """

    files: tuple[str, ...] = ()
    dedupe: DedupeConfig = field(default_factory=DedupeConfig)
    output: str | None = None
    pairs: str | None = None
    if_exists: IfExists | None = None
    all_pairs: bool = False
    report: str | None = None
    state: str | None = None
    earlier: Earlier = "revise"
    judged: tuple[str, ...] = ()
    shards: ShardConfig | None = None

    def __post_init__(self) -> None:
        check_if_exists(self.if_exists)
        check_earlier(self.earlier, self.state)
        if self.all_pairs and self.pairs is None:
            raise UsageError("all writes every scored pair to the file of pairs; add --pairs FILE")
        others: dict[str, object] = {
            "all": self.all_pairs,
            "report": self.report,
            "if_exists": self.if_exists,
            "state": self.state,
            "judged": self.judged,
        }
        option = next((name for name, value in others.items() if value), None)
        if self.shards is not None and option is not None:
            raise UsageError(f"{option} is not offered over shards; {_INSTEAD[option]}")


def make_settings(options: Mapping[str, object]) -> DedupeSettings:
    """Make settings of loosely typed options, as TOML or a Python caller gives them.

    Raises:
        UsageError: An option is unknown, or its value is not of its kind.
    """
    values = convert_all(options, _CONVERTERS)
    return DedupeSettings(
        **{key: values[key] for key in _RUN if key in values},
        dedupe=DedupeConfig(**{key: values[key] for key in _DEDUPE if key in values}),
        shards=shards_of(values),
    )


def merge_settings(config: str | None, given: Mapping[str, Any]) -> DedupeSettings:
    """Make settings of a TOML file and of the command line, which comes first.

    Args:
        config: The TOML file, if there is one.
        given: Options as typed, without those that were not.
    """
    options = read_options(Path(config).expanduser()) if config else {}
    typed = dict(given)
    if "on" in typed:  # may be repeated, and hold commas
        each = (converted("on", text, to_names) for text in typed["on"])
        typed["on"] = [name for names in each for name in cast("tuple[str, ...]", names)]
    return make_settings(options | typed)


def read_options(path: Path) -> dict[str, object]:
    """Read the ``[dedupe]`` table of a TOML file. Raises as `checked_options`."""
    return checked_options(path, "dedupe", make_settings)


def to_toml(settings: DedupeSettings) -> str:
    """Write `settings` as the TOML that reproduces the run, without options that are not set."""
    options: dict[str, object] = {key: getattr(settings, key) for key in _RUN}
    options |= {key: getattr(settings.dedupe, key) for key in _DEDUPE}
    options |= {key: dict(getattr(settings.dedupe, key)) for key in _BY_COLUMN}
    if settings.shards is not None:
        options |= {key: getattr(settings.shards, key) for key in SHARDS}
    return write_toml_table("dedupe", options.items())


def to_files(value: object) -> tuple[str, ...]:
    """Accept a list of paths, or one; a comma is part of a path."""
    return (value,) if isinstance(value, str) else to_names(value)


def to_rules(value: object) -> tuple[tuple[str, str], ...]:
    """Accept a mapping from column to rule, or texts such as ``longest`` and ``a=mode,b=longest``.

    A rule without a column is for every one.
    """
    if isinstance(value, Mapping):
        return by_column(value)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise TypeError("rules are wanted, such as longest or name=longest,city=mode")
    rules = [rule for text in texts for rule in split_columns(text)]
    return by_column([rule if "=" in rule else f"{EVERY}={rule}" for rule in rules])


_CONVERTERS: dict[str, Callable[[object], object]] = {
    "files": to_files,
    "output": to_text,
    "pairs": to_text,
    "all_pairs": to_switch,
    "on": to_names,
    "id": to_text,
    "cluster": to_text,
    "max_cluster": CONVERTERS["k"],
    "across_only": to_switch,
    "source": to_text,
    "keep": to_text,
    "golden": to_rules,
    **{
        name: CONVERTERS[name]
        for name in (
            *("types", "weights", "min_prob", "k", "draws", "seed", "threads"),
            *("retrieve", "model", "device", "offline"),
            *("state", "earlier", "judged", "if_exists", "report"),
            *SHARDS,
        )
    },
}

"""A whole run as data: inputs and options from keywords or TOML, and back to TOML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from tk.errors import NotFoundError, UsageError
from tk_link.config import Earlier, LinkConfig, OutputConfig, check_earlier
from tk_link.shards.config import ShardConfig
from tk_link.toml import read_toml_table, write_toml_table
from tk_link.values import CONVERTERS, pair_up, to_names

_RUN = ("left", "right", "sample", "state", "earlier", "judged")
_LINK = tuple(option.name for option in fields(LinkConfig))
_OUTPUT = tuple(option.name for option in fields(OutputConfig))
_FLAGS = {"type": "types", "weight": "weights", "all": "all_pairs"}
_SIDES = ("left_on", "right_on")
SHARDS = tuple(option.name for option in fields(ShardConfig))
_KEYS = (*_RUN, *_LINK, *_OUTPUT, *SHARDS)
_INSTEAD = {
    "state": "the work folder keeps what is done; link all rows again with a new one",
    "judged": "link without it, then judge the result: tk audit; or leave work_dir out",
    "sample": "leave work_dir out: a sample fits into one machine",
}
"""What to do where an option is refused over shards."""
_CONVERTERS = {key: CONVERTERS[key] for key in _KEYS}


@dataclass(frozen=True)
class Settings:
    """One run: what is linked, how, and what is written.

    Attributes:
        left: The left input, as `tk_link.reading.read_table` takes it.
        right: The right one.
        link: How to link.
        output: What to write.
        sample: Number of left rows to try it on; None takes all.
        state: File that the run goes on from and writes down what it found in; None has none.
        earlier: Whether what earlier runs decided may be revised, or stays.
        judged: Files of judgements to obey.
        shards: How to work over shards; None works on the whole tables at once.
    """

    left: str | None = None
    right: str | None = None
    link: LinkConfig = field(default_factory=LinkConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    sample: int | None = None
    state: str | None = None
    earlier: Earlier = "revise"
    judged: tuple[str, ...] = ()
    shards: ShardConfig | None = None

    def __post_init__(self) -> None:
        if self.sample is not None and self.sample < 1:
            raise UsageError(f"sample is {self.sample}; it must be 1 or more")
        check_earlier(self.earlier, self.state)
        if self.state is not None and self.sample is not None:
            raise UsageError("a state keeps all rows and sample takes some; leave one of them out")
        others = {"state": self.state, "judged": self.judged, "sample": self.sample}
        option = next((name for name, value in others.items() if value), None)
        if self.shards is not None and option is not None:
            raise UsageError(f"{option} is not offered over shards; {_INSTEAD[option]}")


def make_settings(options: Mapping[str, object]) -> Settings:
    """Make settings of loosely typed options, as TOML or a Python caller gives them.

    Raises:
        UsageError: An option is unknown, or its value is not of its kind.
    """
    values = convert_all(options, _CONVERTERS)
    return Settings(
        **{key: values[key] for key in _RUN if key in values},
        link=LinkConfig(**{key: values[key] for key in _LINK if key in values}),
        output=OutputConfig(**{key: values[key] for key in _OUTPUT if key in values}),
        shards=shards_of(values),
    )


def merge_settings(config: str | None, given: Mapping[str, Any]) -> Settings:
    """Make settings of a TOML file and of the command line, which comes first.

    Args:
        config: The TOML file, if there is one.
        given: Options as typed, without those that were not.
    """
    options = read_options(Path(config).expanduser()) if config else {}
    typed = dict(given)
    for key in ("on", "require", "forbid_conflict"):  # each may be repeated and hold commas
        if key in typed:
            typed[key] = [name for text in typed[key] for name in _split(key, text)]
    sides = [_split(key, typed.pop(key)) if key in typed else None for key in _SIDES]
    on = pair_up(typed.get("on"), *sides)
    return make_settings(options | typed | ({"on": on} if on else {}))


def read_options(path: Path) -> dict[str, object]:
    """Read the ``[link]`` table of a TOML file. Raises as `checked_options`."""
    return checked_options(path, "link", make_settings)


def checked_options(
    path: Path, table: str, make: Callable[[Mapping[str, object]], object]
) -> dict[str, object]:
    """Read a table of options of a TOML file.

    Args:
        path: The file.
        table: The table's name.
        make: Makes settings of the options.

    Raises:
        InputError: The file is missing or is not TOML.
        UsageError: It has no such table, or a key in it is unknown.
    """
    options = {option_of(name): value for name, value in read_toml_table(path, table).items()}
    try:
        make(options)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return options


def convert_all(
    options: Mapping[str, object], converters: Mapping[str, Callable[[object], object]]
) -> dict[str, Any]:
    """Convert loosely typed options; those that are None are left out.

    Raises:
        UsageError: An option is unknown, or its value is not of its kind.
    """
    values: dict[str, Any] = {}
    for key, value in options.items():
        if key not in converters:
            raise NotFoundError("option", key, converters)
        if value is not None:
            values[key] = converted(key, value, converters[key])
    return values


def shards_of(values: Mapping[str, Any]) -> ShardConfig | None:
    """Return the options of work over shards, None where there are none.

    Raises:
        UsageError: The folder to work in is missing.
    """
    found = {key: values[key] for key in SHARDS if key in values}
    if found and "work_dir" not in found:
        raise UsageError(f"{next(iter(found))} is for work over shards; add --work-dir FOLDER")
    return ShardConfig(**found) if found else None


def to_toml(settings: Settings) -> str:
    """Write `settings` as the TOML that reproduces the run, without options that are not set."""
    options: dict[str, object] = {key: getattr(settings, key) for key in _RUN}
    options |= {key: getattr(settings.link, key) for key in _LINK}
    options |= {key: getattr(settings.output, key) for key in _OUTPUT}
    options |= {"types": dict(settings.link.types), "weights": dict(settings.link.weights)}
    if settings.shards is not None:
        options |= {key: getattr(settings.shards, key) for key in SHARDS}
    return write_toml_table("link", options.items())


def option_of(name: str) -> str:
    """Return the option that `name` means; the spelling of the command line is understood too."""
    return _FLAGS.get(name, name.replace("-", "_"))


def _split(key: str, text: str) -> tuple[str, ...]:
    return cast("tuple[str, ...]", converted(key, text, to_names))


def converted(key: str, value: object, convert: Callable[[object], object]) -> object:
    """Convert the value of option `key`; raises `UsageError` where it is not of its kind."""
    try:
        return convert(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{key}: {error}") from error

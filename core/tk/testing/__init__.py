"""Asserts that plugins' tests share, the toolkit's own and a stranger's alike.

They need pytest, and those for models and parity need torch and safetensors.
"""

from tk.testing.encoders import assert_encoder
from tk.testing.manifests import assert_manifest
from tk.testing.models import assert_model
from tk.testing.parity import assert_parity, parity_cases

__all__ = ["assert_encoder", "assert_manifest", "assert_model", "assert_parity", "parity_cases"]

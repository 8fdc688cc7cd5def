"""Checkpoints: read any published file, name its architecture, and put every tensor in its place.

In the order that data flows: reading, renaming, sizing, placing, loading.
"""

from tk.checkpoints.loading import load_checkpoint
from tk.checkpoints.renaming import Renames, rename

__all__ = ["Renames", "load_checkpoint", "rename"]

"""A file that appears whole or not at all: `tk.atomic`, under the name that this plugin uses."""

from tk.atomic import explained, replacing

__all__ = ["explained", "replacing"]

"""Raises as soon as it is imported."""

raise RuntimeError("tk_broken was imported")

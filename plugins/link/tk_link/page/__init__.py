"""A run as one page to read and to hand on: cells, evidence, estimates -> content -> rendering."""

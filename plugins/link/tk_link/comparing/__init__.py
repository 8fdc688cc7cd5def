"""Comparing candidate pairs: codes, dates, keys, names, quantities, tokens -> features."""

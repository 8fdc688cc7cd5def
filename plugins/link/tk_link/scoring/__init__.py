"""Scoring without labels: levels -> mixture -> additive -> knockout -> score, under matching."""

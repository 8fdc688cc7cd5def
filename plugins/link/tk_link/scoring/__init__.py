"""Scoring without labels: levels -> mixture -> additive -> knockout -> score; matching throughout."""

"""Pairs that a person judged: what they mean for rows, clusters and links."""

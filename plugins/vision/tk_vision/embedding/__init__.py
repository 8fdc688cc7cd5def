"""Pictures as vectors: encoders, hashes, tables of features, near-duplicates and their sheet.

In the order that data flows: thumbnail, backbone, opening, hashing, features, duplicates, sheet,
command.
"""

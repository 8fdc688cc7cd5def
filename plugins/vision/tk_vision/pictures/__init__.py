"""Pictures: found in folders and tables, decoded whatever their mode, checked, made tensors.

In the order that data flows: folders, parquet, listing, decoding, modes, checking, preprocessing.
"""

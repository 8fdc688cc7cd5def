"""Speaks an api that this core does not."""

"""Reading tables: source -> content -> encoding -> delimited, or typed and workbook -> table."""

from tk_link.reading.table import read_table

__all__ = ["read_table"]

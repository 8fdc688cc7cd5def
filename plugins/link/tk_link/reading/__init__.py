"""Reading: several -> source -> content -> encoding -> delimited, typed, workbook -> table."""

from tk_link.reading.table import read_table

__all__ = ["read_table"]

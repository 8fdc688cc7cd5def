"""Classify pictures: train on folders or tables, predict, evaluate.

In the order that data flows: splitting, examples, task, defaults, training; opening, predicting;
measures, charts; command.
"""

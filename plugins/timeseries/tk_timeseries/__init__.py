"""Forecasting: published models for series, and what they are measured against."""

"""Forecasting: published models for series, and what they are measured against."""

from tk_timeseries.api import Forecast, ForecastOptions, forecast

__all__ = ["Forecast", "ForecastOptions", "forecast"]

"""Forecasting: published models for series, and what they are measured against."""

from tk_timeseries.api import Forecast, forecast
from tk_timeseries.options import ForecastOptions

__all__ = ["Forecast", "ForecastOptions", "forecast"]

"""The tables of observability."""

from apps.observability.models.indicator import Indicator
from apps.observability.models.reading import IndicatorHour, IndicatorReading, IndicatorSample
from apps.observability.models.saved_query import SavedQuery

__all__ = ["Indicator", "IndicatorHour", "IndicatorReading", "IndicatorSample", "SavedQuery"]

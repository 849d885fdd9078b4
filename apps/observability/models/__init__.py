"""The tables of observability."""

from apps.observability.models.alert import Alert
from apps.observability.models.alert_path import AlertPath
from apps.observability.models.alert_story import AlertChange, AlertEntry
from apps.observability.models.delivery import DeliveryAttempt, Notification
from apps.observability.models.indicator import Indicator
from apps.observability.models.notification import Receiver, Route
from apps.observability.models.reading import IndicatorHour, IndicatorReading, IndicatorSample
from apps.observability.models.saved_query import SavedQuery

__all__ = [
    "Alert",
    "AlertChange",
    "AlertEntry",
    "AlertPath",
    "DeliveryAttempt",
    "Indicator",
    "IndicatorHour",
    "IndicatorReading",
    "IndicatorSample",
    "Notification",
    "Receiver",
    "Route",
    "SavedQuery",
]

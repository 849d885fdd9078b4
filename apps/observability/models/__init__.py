"""The tables of observability."""

from apps.observability.models.alert import Alert
from apps.observability.models.alert_path import AlertPath
from apps.observability.models.alert_story import AlertChange, AlertEntry
from apps.observability.models.delivery import DeliveryAttempt, Notification
from apps.observability.models.gpu import GpuCard, GpuFeed, GpuNode
from apps.observability.models.gpu_claim import GpuClaim, GpuHours, GpuLedger
from apps.observability.models.gpu_history import GpuChange, GpuSample, GpuSpan
from apps.observability.models.gpu_price import GpuModelPrice, GpuPricing
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
    "GpuCard",
    "GpuChange",
    "GpuClaim",
    "GpuFeed",
    "GpuHours",
    "GpuLedger",
    "GpuModelPrice",
    "GpuNode",
    "GpuPricing",
    "GpuSample",
    "GpuSpan",
    "Indicator",
    "IndicatorHour",
    "IndicatorReading",
    "IndicatorSample",
    "Notification",
    "Receiver",
    "Route",
    "SavedQuery",
]

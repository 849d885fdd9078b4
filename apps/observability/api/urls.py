"""The addresses of observability below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.observability.api.indicators import IndicatorSeriesView, IndicatorsView
from apps.observability.api.metrics import QueryRangeView, QueryView
from apps.observability.api.saved_queries import SavedQueryViewSet

router = SimpleRouter(trailing_slash=False)
router.register("saved-queries", SavedQueryViewSet, basename="saved-query")

urlpatterns = [
    path("indicators", IndicatorsView.as_view(), name="indicators"),
    path("indicators/<slug:indicator>", IndicatorSeriesView.as_view(), name="indicator-series"),
    path("metrics/query", QueryView.as_view(), name="metrics-query"),
    path("metrics/query_range", QueryRangeView.as_view(), name="metrics-query-range"),
    *router.urls,
]

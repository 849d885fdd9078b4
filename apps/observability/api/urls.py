"""The addresses of observability below /api/v1/."""

from django.urls import path

from apps.observability.api.metrics import QueryRangeView, QueryView

urlpatterns = [
    path("metrics/query", QueryView.as_view(), name="metrics-query"),
    path("metrics/query_range", QueryRangeView.as_view(), name="metrics-query-range"),
]

"""The addresses of Prometheus' API below /prometheus/. What is not here is passed to nobody."""

from django.urls import path, re_path

from apps.observability.api.prometheus import browsing, door, queries

urlpatterns = [
    path("", door.front),
    path("api/v1/query", queries.QueryView.as_view(), name="prometheus-query"),
    path("api/v1/query_range", queries.QueryRangeView.as_view(), name="prometheus-query-range"),
    path("api/v1/format_query", queries.FormatView.as_view()),
    path("api/v1/series", browsing.SeriesView.as_view()),
    path("api/v1/labels", browsing.LabelsView.as_view()),
    path("api/v1/label/<str:name>/values", browsing.LabelValuesView.as_view()),
    path("api/v1/metadata", browsing.MetadataView.as_view()),
    path("api/v1/rules", browsing.RulesView.as_view()),
    path("api/v1/alerts", browsing.AlertsView.as_view()),
    path("api/v1/status/buildinfo", browsing.BuildView.as_view()),
    re_path(r"", door.absent),
]

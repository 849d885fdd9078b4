"""The addresses of observability below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.observability.api.alert_exports import AlertExportView
from apps.observability.api.alert_figures import AlertStatisticsView
from apps.observability.api.alert_routes import RouteViewSet
from apps.observability.api.alert_setup import AlertReceiverView, TestAlertView
from apps.observability.api.alert_webhook import AlertWebhookView
from apps.observability.api.alert_work import (
    AcknowledgeView,
    AssigneeView,
    BulkAlertsView,
    CommentsView,
)
from apps.observability.api.alerts import (
    AlertGroupsView,
    AlertHistoryView,
    AlertOneView,
    AlertsView,
    SameAlertsView,
)
from apps.observability.api.gpu_use import GpuHistoryView, GpuProcessesView, GpuWasteView
from apps.observability.api.gpus import GpuNodeOneView, GpuNodesView, GpuSummaryView
from apps.observability.api.indicators import IndicatorSeriesView, IndicatorsView
from apps.observability.api.metric_browsing import (
    LabelsView,
    LabelValuesView,
    MetadataView,
    SeriesView,
)
from apps.observability.api.metrics import QueryRangeView, QueryView
from apps.observability.api.notifications import NotificationViewSet
from apps.observability.api.receivers import ReceiverViewSet
from apps.observability.api.saved_queries import SavedQueryViewSet
from apps.observability.api.silences import SilenceDetailView, SilencePreviewView, SilencesView

router = SimpleRouter(trailing_slash=False)
router.register("saved-queries", SavedQueryViewSet, basename="saved-query")
# Before the alerts, of which a fingerprint could be called so, too.
telling = SimpleRouter(trailing_slash=False)
telling.register("alerts/receivers", ReceiverViewSet, basename="receiver")
telling.register("alerts/routes", RouteViewSet, basename="alert-route")
telling.register("alerts/notifications", NotificationViewSet, basename="notification")

urlpatterns = [
    *telling.urls,
    path("alerts/webhook/<str:id>", AlertWebhookView.as_view(), name="alert-webhook"),
    path("clusters/<uuid:pk>/alert-receiver", AlertReceiverView.as_view(), name="alert-receiver"),
    path("clusters/<uuid:pk>/test-alert", TestAlertView.as_view(), name="test-alert"),
    path("alerts/silences", SilencesView.as_view(), name="silences"),
    path("alerts/silences/preview", SilencePreviewView.as_view(), name="silence-preview"),
    path(
        "alerts/silences/<uuid:cluster_id>/<uuid:id>", SilenceDetailView.as_view(), name="silence"
    ),
    path("alerts", AlertsView.as_view(), name="alerts"),
    path("alerts/bulk", BulkAlertsView.as_view(), name="alerts-bulk"),
    path("alerts/export", AlertExportView.as_view(), name="alerts-export"),
    path("alerts/groups", AlertGroupsView.as_view(), name="alert-groups"),
    path("alerts/history", AlertHistoryView.as_view(), name="alert-history"),
    path("alerts/same", SameAlertsView.as_view(), name="alerts-same"),
    path("alerts/statistics", AlertStatisticsView.as_view(), name="alert-statistics"),
    path("alerts/<uuid:pk>/acknowledge", AcknowledgeView.as_view(), name="alert-acknowledge"),
    path("alerts/<uuid:pk>/assignee", AssigneeView.as_view(), name="alert-assignee"),
    path("alerts/<uuid:pk>/comments", CommentsView.as_view(), name="alert-comments"),
    path("alerts/<str:fingerprint>", AlertOneView.as_view(), name="alert"),
    path("gpu/nodes", GpuNodesView.as_view(), name="gpu-nodes"),
    path("gpu/nodes/<uuid:cluster_id>/<str:node_name>", GpuNodeOneView.as_view(), name="gpu-node"),
    path(
        "gpu/nodes/<uuid:cluster_id>/<str:node_name>/history",
        GpuHistoryView.as_view(),
        name="gpu-history",
    ),
    path("gpu/processes", GpuProcessesView.as_view(), name="gpu-processes"),
    path("gpu/summary", GpuSummaryView.as_view(), name="gpu-summary"),
    path("gpu/waste", GpuWasteView.as_view(), name="gpu-waste"),
    path("indicators", IndicatorsView.as_view(), name="indicators"),
    path("indicators/<slug:indicator>", IndicatorSeriesView.as_view(), name="indicator-series"),
    path("metrics/query", QueryView.as_view(), name="metrics-query"),
    path("metrics/query_range", QueryRangeView.as_view(), name="metrics-query-range"),
    path("metrics/labels", LabelsView.as_view(), name="metrics-labels"),
    path("metrics/label/<str:label>/values", LabelValuesView.as_view(), name="metrics-values"),
    path("metrics/series", SeriesView.as_view(), name="metrics-series"),
    path("metrics/metadata", MetadataView.as_view(), name="metrics-metadata"),
    *router.urls,
]

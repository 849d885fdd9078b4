"""The addresses of the registry below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.clusters.api.audit import AuditViewSet
from apps.clusters.api.bulk import BulkView
from apps.clusters.api.clusters import ClusterViewSet
from apps.clusters.api.credentials import CredentialViewSet
from apps.clusters.api.exports import ClusterExportView
from apps.clusters.api.fleet import FleetCapabilitiesView, FleetHealthView, FleetSummaryView
from apps.clusters.api.imports import ImportView
from apps.clusters.api.me import MeView
from apps.clusters.api.testing import ClusterTestView

router = SimpleRouter(trailing_slash=False)
router.register("audit", AuditViewSet, basename="audit")
router.register("clusters", ClusterViewSet, basename="cluster")
router.register("clusters", CredentialViewSet, basename="cluster-credential")

urlpatterns = [
    path("me", MeView.as_view(), name="me"),
    path("fleet/summary", FleetSummaryView.as_view(), name="fleet-summary"),
    path("fleet/health", FleetHealthView.as_view(), name="fleet-health"),
    path("fleet/capabilities", FleetCapabilitiesView.as_view(), name="fleet-capabilities"),
    path("clusters/bulk", BulkView.as_view(), name="clusters-bulk"),
    path("clusters/export", ClusterExportView.as_view(), name="clusters-export"),
    path("clusters/import", ImportView.as_view(), name="clusters-import"),
    path("clusters/<uuid:pk>/test", ClusterTestView.as_view(), name="cluster-test"),
    *router.urls,
]

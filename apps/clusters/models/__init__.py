"""The registry's tables."""

from apps.clusters.models.check_schedule import CheckSchedule
from apps.clusters.models.cluster import Cluster
from apps.clusters.models.credential import Credential
from apps.clusters.models.grant import Grant
from apps.clusters.models.health_check import HealthCheck

__all__ = ["CheckSchedule", "Cluster", "Credential", "Grant", "HealthCheck"]

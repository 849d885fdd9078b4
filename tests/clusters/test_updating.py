"""While the platform is updated, processes of the version before work on the new tables."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.clusters.models import Cluster
from apps.clusters.models.cluster import State

pytestmark = pytest.mark.django_db
# The last migration of a version whose processes may still run beside this one's.
BEFORE = ("clusters", "0003_discovery")


def test_rows_that_the_version_before_writes_are_taken_and_read() -> None:
    past = MigrationExecutor(connection).loader.project_state(BEFORE).apps
    moment = datetime.now(UTC)
    cluster = past.get_model("clusters", "Cluster").objects.create(
        name="hub", api_server_url="https://api.hub.example.net:6443"
    )
    rows: dict[str, dict[str, Any]] = {
        "CheckSchedule": {"next_check_at": moment},
        "Credential": {"sealed": "v1.key.box"},
        "HealthCheck": {"checked_at": moment, "state": State.ONLINE, "health_score": 100},
    }
    for name, columns in rows.items():
        past.get_model("clusters", name).objects.create(cluster=cluster, **columns)
    read = Cluster.objects.with_particulars().get()
    assert (read.generation, read.remedy) == (1, "")
    assert (read.credential.holds, read.credential.oidc) == ([], {})
    assert read.schedule.recent_states == ""
    assert read.health_checks.get().failure_stage == ""

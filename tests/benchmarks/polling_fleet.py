"""The bulk simulator's clusters in the database, as the registry would have written them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from apps.clusters.models import CheckSchedule, Cluster, Credential, HealthCheck
from apps.clusters.vault import store
from apps.clusters.vault.secrets import Secrets
from apps.simulator.bulk import Member

# Within two intervals of the benchmark: what is due later still was written by a wrong clock.
FAR_AWAY = timedelta(hours=1)


def register(members: Sequence[Member]) -> None:
    """Begin anew with these clusters, none of which is due."""
    Cluster.objects.all().delete()
    clusters, credentials, schedules = [], [], []
    for member in members:
        parts = {f"{part}_url": url for part, url in member.urls.items() if part != "api_server"}
        cluster = Cluster(name=member.name, api_server_url=member.urls["api_server"], **parts)
        token = member.token
        secrets = Secrets(token=token, prometheus_token=token, tempo_token=token, loki_token=token)
        clusters.append(cluster)
        credentials.append(
            Credential(
                cluster=cluster,
                sealed=store.chosen().put(cluster.pk, secrets.as_text()),
                holds=secrets.names(),
                ca_bundle=member.ca_bundle,
            )
        )
        schedules.append(CheckSchedule(cluster=cluster, next_check_at=timezone.now() + FAR_AWAY))
    Cluster.objects.bulk_create(clusters, batch_size=1000)
    Credential.objects.bulk_create(credentials, batch_size=1000)
    CheckSchedule.objects.bulk_create(schedules, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def make_all_due() -> None:
    CheckSchedule.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))


def spread(begin: datetime, seconds: float) -> dict[str, datetime]:
    """Make all that are enabled due evenly over so many seconds; return when each is, by id.

    Each time in the same order, so that a cluster is due again after as long as any other.
    """
    enabled = CheckSchedule.objects.filter(cluster__enabled=True)
    ids = list(enabled.order_by("pk").values_list("pk", flat=True))
    due = [begin + timedelta(seconds=seconds * place / len(ids)) for place in range(len(ids))]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clusters_checkschedule SET next_check_at = new.due"
            " FROM unnest(%s::uuid[], %s::timestamptz[]) AS new(id, due) WHERE cluster_id = new.id",
            [ids, due],
        )
    return {str(pk): moment for pk, moment in zip(ids, due, strict=True)}


def lateness(due: dict[str, datetime], begin: datetime, names: set[str]) -> list[float]:
    """Return by how many seconds each of the named clusters was checked after it was due."""
    checks = HealthCheck.objects.filter(checked_at__gte=begin, cluster__name__in=names)
    first: dict[str, datetime] = {}
    for cluster_id, moment in checks.order_by("-checked_at").values_list(
        "cluster_id", "checked_at"
    ):
        first[str(cluster_id)] = moment
    return sorted((moment - due[key]).total_seconds() for key, moment in first.items())


def enable(kind: set[str], *, enabled: bool) -> None:
    Cluster.objects.filter(name__in=kind).update(enabled=enabled)


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Cluster.objects.filter(enabled=True).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found

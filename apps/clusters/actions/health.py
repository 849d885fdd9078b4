"""Claims of due checks, and their conclusions: each check is made once and told once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, When
from django.utils import timezone

from apps.clusters import events
from apps.clusters.connection import Connection, connect
from apps.clusters.health import AMONG_CHECKS, COSTS, Verdict, judge_connectivity
from apps.clusters.models import CheckSchedule, Cluster, HealthCheck
from apps.streaming.publish import publish


@transaction.atomic
def claim_due(most: int) -> list[Connection]:
    """Take up to `most` due checks, so that no other worker makes them too.

    Rows that another worker is claiming are skipped, not waited for. A worker that dies after its
    claim costs its clusters one interval.
    """
    now = timezone.now()
    due = (
        CheckSchedule.objects.due_at(now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("cluster__credential")
        .order_by("next_check_at")[:most]
    )
    claimed = list(due)
    for cluster_type, seconds in settings.CHECK_INTERVALS.items():
        ids = [one.pk for one in claimed if one.cluster.cluster_type == cluster_type]
        if ids:
            following = _following(now, timedelta(seconds=seconds))
            CheckSchedule.objects.filter(pk__in=ids).update(next_check_at=following)
    return [connect(one.cluster) for one in claimed]


def _following(now: datetime, interval: timedelta) -> Case:
    """Keep the cadence: counted from "now", each check would slip by up to one tick."""
    return Case(
        When(next_check_at__gt=now - interval, then=F("next_check_at") + interval),
        default=now + interval,
    )


def make_due(cluster: Cluster) -> None:
    """Have `cluster` checked in the next round, whatever its interval."""
    CheckSchedule.objects.filter(pk=cluster.pk).update(next_check_at=timezone.now())


@transaction.atomic
def record(cluster_id: UUID, verdict: Verdict) -> bool:
    """Store `verdict`; tell the watchers if it changes what they see. Return whether it did.

    The same verdict recorded twice, and one older than what is stored, write nothing at all.
    A new check that finds the same writes its time and history, and not the cluster's row.
    """
    if not _note_time(cluster_id, verdict):
        return False
    # The schedule's row is ours until the commit, so what we read of the cluster stays true.
    cluster = Cluster.objects.select_related("schedule").get(pk=cluster_id)
    past = HealthCheck.objects.filter(cluster_id=cluster_id).values_list("state", flat=True)
    states = [verdict.state, *past[: AMONG_CHECKS - 1]]
    health = {f"{part}_healthy": verdict.parts.get(part) for part in COSTS}
    HealthCheck.objects.create(
        cluster_id=cluster_id,
        checked_at=verdict.checked_at,
        state=verdict.state,
        health_score=verdict.score,
        latency_ms=verdict.latency_ms,
        error=verdict.reason,
        **health,
    )
    conclusion = health | {
        "state": verdict.state,
        "health_score": verdict.score,
        "connectivity": judge_connectivity(states, verdict.reached),
        "last_error": verdict.reason,
    }
    return _conclude(cluster, conclusion, verdict.checked_at)


def _note_time(cluster_id: UUID, verdict: Verdict) -> int:
    older = Q(checked_at__isnull=True) | Q(checked_at__lt=verdict.checked_at)
    times: dict[str, Any] = {"checked_at": verdict.checked_at, "latency_ms": verdict.latency_ms}
    if verdict.reached:
        times["last_seen_at"] = verdict.checked_at
    return CheckSchedule.objects.filter(older, pk=cluster_id).update(**times)


def _conclude(cluster: Cluster, conclusion: dict[str, Any], moment: datetime) -> bool:
    old_state = cluster.state
    since = moment if conclusion["state"] != old_state else cluster.state_since
    changed = (
        Cluster.objects.filter(pk=cluster.pk)
        .exclude(**conclusion)
        .update(**conclusion, state_since=since)
    )
    if changed:
        fresh = Cluster.objects.select_related("schedule").get(pk=cluster.pk)
        publish(events.status_changed(fresh, old_state))
    return bool(changed)


def trim_history() -> int:
    """Forget checks older than the installation keeps; return how many."""
    oldest = timezone.now() - timedelta(days=settings.HEALTH_HISTORY_DAYS)
    deleted, _ = HealthCheck.objects.filter(checked_at__lt=oldest).delete()
    return deleted

"""Claims of due checks, and their conclusions: each check is made once and told once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.clusters import events
from apps.clusters.connection import MADE_OF, Connection, connect_all
from apps.clusters.contract import HEALTH_FIELDS
from apps.clusters.health import COSTS, LETTERS, Verdict, judge_connectivity
from apps.clusters.models import CheckSchedule, Cluster, HealthCheck
from apps.clusters.models.check_schedule import Checked
from apps.streaming.publish import publish

# Every column that is written by a verdict and by nothing else, with its type.
CONCLUSION = {
    "state": "text",
    "state_since": "timestamptz",
    "health_score": "smallint",
    "connectivity": "text",
    "last_error": "text",
    "failure_stage": "text",
    "remedy": "text",
    "certificate_expires_at": "timestamptz",
    **dict.fromkeys(HEALTH_FIELDS, "boolean"),
}
_CONCLUDE = """
    UPDATE clusters_cluster AS cluster SET {columns}
    FROM unnest(%s::uuid[], {types}) AS new(id, {names}) WHERE cluster.id = new.id
""".format(  # noqa: S608 - put in are the names and types above, and no value
    columns=", ".join(f"{name} = new.{name}" for name in CONCLUSION),
    types=", ".join(f"%s::{type_}[]" for type_ in CONCLUSION.values()),
    names=", ".join(CONCLUSION),
)


def claim_due(most: int, part: int = 0) -> list[Connection]:
    """Take up to `most` due checks of a part of the fleet, so that no other worker makes them too.

    Rows that another worker is claiming are skipped, not waited for. A worker that dies after its
    claim costs its clusters one interval. They are ours no longer than that takes: to open their
    credentials may take a call over the network.
    """
    return connect_all(_claim(most, part))


@transaction.atomic
def _claim(most: int, part: int) -> list[Cluster]:
    now = timezone.now()
    due = (
        CheckSchedule.objects.due_at(now)
        .of_part(part, settings.CHECK_PARTS, now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("cluster__credential")
        .only(*(f"cluster__{name}" for name in MADE_OF))
        .order_by("next_check_at")[:most]
    )
    claimed = [one.cluster for one in due]
    every = {one.pk: settings.CHECK_INTERVALS[one.cluster_type] for one in claimed}
    if every:
        CheckSchedule.objects.move_on(every, now)
    return claimed


def record(cluster_id: UUID, verdict: Verdict) -> bool:
    """Store one verdict; return whether it changed what the watchers see."""
    return cluster_id in record_many({cluster_id: verdict})


@transaction.atomic
def record_many(verdicts: Mapping[UUID, Verdict]) -> set[UUID]:
    """Store verdicts, all or none; tell the watchers of those that change what they see.

    Return the clusters that changed. The same verdict recorded twice, and one older than what is
    stored, write nothing at all. A new check that finds the same writes its time and history, and
    not the cluster's row. However many there are, the statements are as many.
    """
    if not verdicts:
        return set()
    recent = CheckSchedule.objects.note([_checked(*item) for item in verdicts.items()])
    # The schedules' rows are ours until the commit, so what we read of the clusters stays true.
    news = {cluster_id: verdicts[cluster_id] for cluster_id in recent}
    HealthCheck.objects.bulk_create(_remember(*item) for item in news.items())
    changes, old_states = {}, {}
    for row in Cluster.objects.filter(pk__in=news).values("pk", *CONCLUSION):
        cluster_id, old = row.pop("pk"), row
        new = _conclude(old, news[cluster_id], recent[cluster_id])
        if new != old:
            changes[cluster_id], old_states[cluster_id] = new, old["state"]
    if changes:
        _write(changes)
        for cluster in Cluster.objects.filter(pk__in=changes).select_related("schedule"):
            publish(events.status_changed(cluster, old_states[cluster.pk]))
    return set(changes)


def _checked(cluster_id: UUID, verdict: Verdict) -> Checked:
    return Checked(
        cluster_id,
        verdict.checked_at,
        verdict.latency_ms,
        verdict.reached,
        LETTERS[verdict.state],
    )


def _remember(cluster_id: UUID, verdict: Verdict) -> HealthCheck:
    return HealthCheck(
        cluster_id=cluster_id,
        checked_at=verdict.checked_at,
        state=verdict.state,
        health_score=verdict.score,
        latency_ms=verdict.latency_ms,
        error=verdict.reason,
        failure_stage=verdict.stage or "",
        **_parts(verdict),
    )


def _parts(verdict: Verdict) -> dict[str, bool | None]:
    return {f"{part}_healthy": verdict.parts.get(part) for part in COSTS}


def _conclude(old: Mapping[str, Any], verdict: Verdict, states: Sequence[str]) -> dict[str, Any]:
    """Return what the cluster's row is to hold, in the order of CONCLUSION."""
    connectivity = judge_connectivity(states, verdict, old["connectivity"])
    new = {
        "state": verdict.state.value,
        "state_since": (
            old["state_since"] if verdict.state == old["state"] else verdict.checked_at
        ),
        "health_score": verdict.score,
        "connectivity": connectivity.value,
        "last_error": verdict.reason,
        "failure_stage": verdict.stage.value if verdict.stage else "",
        "remedy": verdict.remedy,
        "certificate_expires_at": _end_of_certificate(old["certificate_expires_at"], verdict),
    }
    return new | _parts(verdict)


def _end_of_certificate(old: datetime | None, verdict: Verdict) -> datetime | None:
    """Keep the end that is known unless another was seen, and one that makes a difference.

    Behind one address there may be three API servers, with a certificate each, made the same day.
    """
    new = verdict.certificate_expires_at
    if new is None or (old is not None and abs(new - old) < timedelta(days=1)):
        return old
    return new


def _write(changes: Mapping[UUID, Mapping[str, Any]]) -> None:
    columns = [[new[name] for new in changes.values()] for name in CONCLUSION]
    with connection.cursor() as cursor:
        cursor.execute(_CONCLUDE, [list(changes), *columns])

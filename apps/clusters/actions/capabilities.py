"""Claims of due discoveries, and their conclusions: stored and told only when they change."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.clusters import events
from apps.clusters.connection import Connection, connect_all
from apps.clusters.contract import Capabilities
from apps.clusters.discovery import Discovery
from apps.clusters.models import CheckSchedule, Cluster
from apps.clusters.rules import check_endpoint_url
from apps.http import Upstream
from apps.streaming.publish import publish

EVERY = timedelta(hours=24)
# Also the lease of a claim: what fails, or dies with its worker, is tried again this soon.
AGAIN_AFTER = timedelta(minutes=10)
LONGEST_SENTENCE, LONGEST_VERSION = 500, 64


def claim_due(most: int) -> list[Connection]:
    """Take up to `most` due discoveries, so that no other worker makes them too."""
    return connect_all(_claim(most))


@transaction.atomic
def _claim(most: int) -> list[Cluster]:
    now = timezone.now()
    due = (
        CheckSchedule.objects.discovery_due_at(now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("cluster__credential")
        .order_by("next_discovery_at")[:most]
    )
    claimed = list(due)
    CheckSchedule.objects.filter(pk__in=[one.pk for one in claimed]).update(
        next_discovery_at=now + AGAIN_AFTER
    )
    return [one.cluster for one in claimed]


@transaction.atomic
def record(connection: Connection, discovery: Discovery, asked_at: datetime) -> bool:
    """Store what was discovered; tell the watchers if it is something new. Return whether it was.

    The same found again writes its time alone; an answer to an older question writes nothing.
    """
    if not _note_time(connection, discovery, asked_at):
        return False
    # The schedule's row is ours until the commit, so what we read of the cluster stays true.
    cluster = Cluster.objects.with_particulars().get(pk=connection.cluster_id)
    found = _describe(discovery, connection.api_server)
    if found == cluster.capabilities:
        return False
    known = (cluster.capabilities or {}).get("platform_version")
    ours = cluster.platform_version in {"", known}
    cluster.capabilities = found
    version = found["platform_version"]
    moved = bool(version) and ours and version != cluster.platform_version
    if moved:
        cluster.platform_version = version
        cluster.save(update_fields=["capabilities", "platform_version", "updated_at"])
        publish(events.updated(cluster))
    else:
        # What a person wrote did not change, so neither does the time of that.
        cluster.save(update_fields=["capabilities"])
    publish(events.capabilities_changed(cluster))
    return True


def _note_time(connection: Connection, discovery: Discovery, asked_at: datetime) -> int:
    schedule = CheckSchedule.objects.filter(
        Q(discovered_at__isnull=True) | Q(discovered_at__lt=asked_at), pk=connection.cluster_id
    )
    noted = schedule.update(discovered_at=asked_at)
    if noted and discovery.whole:
        # Unless somebody has asked for another one meanwhile.
        CheckSchedule.objects.filter(
            pk=connection.cluster_id, next_discovery_at__gt=timezone.now()
        ).update(next_discovery_at=asked_at + EVERY)
    return noted


def _describe(discovery: Discovery, upstream: Upstream) -> dict[str, Any]:
    """Write it as the contract has it. A cluster may say anything, our own token included."""
    record = {
        name: _quote(value, upstream, LONGEST_VERSION) for name, value in discovery.values().items()
    }
    record["evidence"] = _quote(discovery.evidence(), upstream, LONGEST_SENTENCE)
    record["suggested_endpoints"] = {
        name: url
        for name, url in discovery.suggested_endpoints.items()
        if _is_address(url) and _quote(url, upstream, LONGEST_SENTENCE) == url
    }
    return Capabilities.model_validate(record).model_dump(mode="json", exclude={"discovered_at"})


def _quote(value: Any, upstream: Upstream, limit: int) -> Any:
    match value:
        case str():
            return upstream.quote(value, limit)
        case list():
            return [_quote(one, upstream, limit) for one in value]
        case Mapping():
            return {name: _quote(one, upstream, limit) for name, one in value.items()}
    return value


def _is_address(url: str) -> bool:
    try:
        check_endpoint_url(url)
    except ValidationError:
        return False
    return True

"""What people do about an alert: take it, let it go, hand it to somebody, say something of it.

Each is done under the lock of the alert's row, so that what it finds there still is as it was read.
Done twice it changes nothing the second time, but for a comment, which is said twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import User
from apps.clusters.models.grant import Rights, Role, reaches
from apps.errors import DomainError, PermissionRefused
from apps.observability import events
from apps.observability.errors import (
    NO_SUCH_ALERT,
    AlertNotActive,
    AlertNotFound,
    AlertTaken,
    NotAssignable,
)
from apps.observability.models import Alert, AlertEntry
from apps.observability.models.alert import State
from apps.observability.models.alert_story import Deed
from apps.observability.queries.alerts.finding import with_people
from apps.streaming.publish import publish

NOBODY = "username: nobody who is called {!r} may see this alert"


class Operation(StrEnum):
    ACKNOWLEDGE = "ACKNOWLEDGE"
    RELEASE = "RELEASE"
    ASSIGN = "ASSIGN"


class Status(StrEnum):
    DONE = "DONE"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to each; `note` goes with ACKNOWLEDGE, `assignee` with ASSIGN."""

    operation: Operation
    note: str = ""
    assignee: User | None = None


@dataclass(frozen=True, slots=True)
class Result:
    alert_id: UUID
    status: Status
    reason: str = ""


def require_operator(rights: Rights, alert: Alert) -> None:
    """Refuse who may only look at it: an operator there, and of its namespace, may do more."""
    if not may_work_on(rights, alert):
        raise PermissionRefused(
            f"This takes the role operator on {alert.cluster.name}, and for the alert's namespace. "
            "Ask an administrator for a grant."
        )


def may_work_on(rights: Rights, alert: Alert) -> bool:
    return rights.superuser or any(
        reaches(Role(grant.role), Role.OPERATOR)
        and grant.covers(alert.cluster)
        and (not grant.namespaces or alert.namespace in grant.namespaces)
        for grant in rights.grants
    )


@transaction.atomic
def acknowledge(alert_id: UUID, user: User, note: str = "") -> bool:
    """Take an alert; return whether that changed anything.

    What somebody else holds stays theirs, until it is released: two people who click at once must
    not both believe that it is theirs.
    """
    alert = _hold_active(alert_id, "acknowledged")
    holder = alert.acknowledged_by
    if holder is not None and holder != user:
        raise AlertTaken(
            f"{holder.get_username()} acknowledged it already. Release it first to take it over.",
            {"acknowledged_by": holder.get_username()},
        )
    if alert.acknowledged_at is not None and holder == user and alert.acknowledgement == note:
        return False
    now = timezone.now()
    alert.acknowledged_by = user
    alert.acknowledged_at = alert.acknowledged_at or now
    alert.acknowledgement = note
    alert.taken_at = alert.taken_at or now
    _keep(alert, user, Deed.ACKNOWLEDGED, note)
    return True


@transaction.atomic
def release(alert_id: UUID, user: User) -> bool:
    """Let an alert go, whoever holds it; return whether anybody did."""
    alert = _hold(alert_id)
    if alert.acknowledged_at is None:
        return False
    alert.acknowledged_by, alert.acknowledged_at, alert.acknowledgement = None, None, ""
    _keep(alert, user, Deed.RELEASED, "")
    return True


@transaction.atomic
def assign(alert_id: UUID, user: User, assignee: User | None) -> bool:
    """Make an alert somebody's task, or nobody's; return whether that changed anything."""
    alert = _hold_active(alert_id, "assigned")
    if alert.assigned_to == assignee:
        return False
    if assignee and not Alert.objects.visible_to(assignee).filter(pk=alert_id).exists():
        raise NotAssignable(NOBODY.format(assignee.get_username()))
    alert.assigned_to = assignee
    _keep(alert, user, Deed.ASSIGNED, assignee.get_username() if assignee else "")
    return True


@transaction.atomic
def comment(alert_id: UUID, user: User, text: str) -> AlertEntry:
    """Add to an alert's story, be it over or not."""
    alert = _hold(alert_id)
    entry = _tell(alert, user, Deed.COMMENTED, text)
    publish(events.alert_updated(alert))
    return entry


def carry_out(
    order: Order, ids: Iterable[UUID], user: User, rights: Rights | None = None
) -> list[Result]:
    """Do `order` to each of `ids` once, and say what became of it.

    Each is committed before the next is begun: what is told as done stays done, and nobody waits
    for a lock on many. Sent again, the order does the rest.
    """
    held = rights or Rights.of(user)
    wanted = list(dict.fromkeys(ids))
    visible = with_people(Alert.objects.visible_to(user)).in_bulk(wanted)
    results = []
    for alert_id in wanted:
        alert = visible.get(alert_id)
        if alert is None:
            results.append(Result(alert_id, Status.NOT_FOUND, NO_SUCH_ALERT))
            continue
        try:
            require_operator(held, alert)
            changed = _do(order, alert_id, user)
            results.append(Result(alert_id, Status.DONE if changed else Status.UNCHANGED))
        except AlertNotFound as gone:
            results.append(Result(alert_id, Status.NOT_FOUND, gone.message))
        except DomainError as refused:
            results.append(Result(alert_id, Status.REFUSED, refused.message))
    return results


def _do(order: Order, alert_id: UUID, user: User) -> bool:
    match order.operation:
        case Operation.ACKNOWLEDGE:
            return acknowledge(alert_id, user, order.note)
        case Operation.RELEASE:
            return release(alert_id, user)
    return assign(alert_id, user, order.assignee)


def _hold(alert_id: UUID) -> Alert:
    held = Alert.objects.select_for_update(of=("self",))
    alert = with_people(held).filter(pk=alert_id).first()
    if alert is None:
        # It was only about to fire, or its cluster is gone, since the caller looked at it.
        raise AlertNotFound(NO_SUCH_ALERT)
    return alert


def _hold_active(alert_id: UUID, done: str) -> Alert:
    alert = _hold(alert_id)
    if alert.state == State.RESOLVED:
        raise AlertNotActive(f"It is over since {alert.ends_at:%F %T} UTC and cannot be {done}.")
    if alert.state == State.PENDING:
        raise AlertNotActive(f"It does not fire yet. It can be {done} once it does.")
    return alert


_COLUMNS = (
    "acknowledged_by",
    "acknowledged_at",
    "acknowledgement",
    "taken_at",
    "assigned_to",
)


def _keep(alert: Alert, user: User, deed: Deed, text: str) -> None:
    alert.save(update_fields=_COLUMNS)
    _tell(alert, user, deed, text)
    details: dict[str, Any] = {"cluster": alert.cluster.name, "fingerprint": alert.fingerprint}
    if text:
        details["text"] = text
    audit.note(deed.lower(), "alert", alert.pk, alert.alertname, **details)
    publish(events.alert_updated(alert))


def _tell(alert: Alert, user: User, deed: Deed, text: str) -> AlertEntry:
    return AlertEntry.objects.create(
        alert=alert, at=timezone.now(), author=user, deed=deed, text=text
    )

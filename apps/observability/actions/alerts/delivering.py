"""Delivers what is closed, at least once: claimed for a minute, sent, and noted how that went.

Whoever dies in between leaves it to be claimed anew; the receiver knows the double by its id.
"""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts import audit
from apps.observability.collect import telling
from apps.observability.collect.telling import Addressee, Outcome
from apps.observability.models.delivery import OPEN, DeliveryAttempt, Notification, Status
from apps.observability.models.notification import Kind, Receiver
from apps.sealed_fields import unseal_from
from apps.sealing import SealBroken

logger = logging.getLogger(__name__)

# Longer than an attempt can take.
LEASE_SECONDS = 60
# One receiver that hangs must not hold up the others.
AT_ONCE, OF_ONE_RECEIVER, LOOKED_AT = 32, 4, 200
FIRST_WAIT, LONGEST_WAIT = 10.0, 3600.0
# What is refused like this will hardly be taken later; a deployment under way gets a chance.
REFUSALS = 3
GONE = 410
TRY_LATER = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notification on its way; nobody else may take it before `until`."""

    id: UUID
    receiver_id: UUID
    content: Mapping[str, Any]
    until: datetime
    addressee: Addressee | None = field(repr=False)


@transaction.atomic
def claim(room: int, busy: Mapping[UUID, int]) -> list[Parcel]:
    """Take what is due for receivers that have time; `busy` counts what is on its way to each."""
    now = timezone.now()
    _give_up(now)
    occupied = [pk for pk, count in busy.items() if count >= OF_ONE_RECEIVER]
    due = Notification.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        OPEN, due_at__lte=now, receiver__enabled=True
    )
    rows = due.exclude(receiver__in=occupied).select_related("receiver").order_by("due_at")
    running = dict(busy)
    chosen: list[Notification] = []
    for one in rows[:LOOKED_AT]:
        count = running.get(one.receiver_id, 0)
        if len(chosen) < room and count < OF_ONE_RECEIVER:
            running[one.receiver_id] = count + 1
            chosen.append(one)
    until = now + timedelta(seconds=LEASE_SECONDS)
    ids = [one.pk for one in chosen]
    Notification.objects.filter(pk__in=ids).update(due_at=until, attempts=F("attempts") + 1)
    return [parcel_of(one, until) for one in chosen]


def _give_up(now: datetime) -> None:
    """What was tried for so long is let go; what nobody could try, because we were away, is not."""
    tried = Q(attempts__gt=0) | Q(receiver__enabled=False)
    late = Notification.objects.filter(OPEN, tried, due_at__lte=now, give_up_at__lte=now)
    late.update(status=Status.GIVEN_UP)


def parcel_of(one: Notification, until: datetime) -> Parcel:
    try:
        addressee = addressee_of(one.receiver)
    except SealBroken:
        addressee = None
    return Parcel(one.pk, one.receiver_id, one.content, until, addressee)


def addressee_of(receiver: Receiver) -> Addressee:
    """Return where to send, with its secrets; raises SealBroken."""
    if receiver.kind == Kind.EMAIL:
        return Addressee(receiver.kind, email_addresses=tuple(receiver.email_addresses))
    signs = receiver.kind == Kind.WEBHOOK
    return Addressee(
        receiver.kind,
        url=unseal_from(receiver, "url"),
        signing_secret=unseal_from(receiver, "signing_secret") if signs else "",
        ca_bundle=receiver.ca_bundle,
    )


async def send(parcel: Parcel) -> Outcome:
    if parcel.addressee is None:
        return Outcome("its address cannot be opened: a sealing key is missing", None, 0)
    return await telling.tell(parcel.addressee, str(parcel.id), parcel.content)


@transaction.atomic
def record(parcel: Parcel, outcome: Outcome) -> None:
    """Note an attempt, and when the next one is due if there is to be one."""
    held = Notification.objects.select_for_update().filter(pk=parcel.id).first()
    if held is None:
        return
    now = timezone.now()
    DeliveryAttempt.objects.create(
        notification=held,
        at=now,
        status_code=outcome.status_code,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
    )
    if outcome.status_code == GONE:
        _switch_off(parcel.receiver_id)
    # Somebody who took us for dead has it now, or it was asked for anew.
    if held.due_at != parcel.until or held.status == Status.DELIVERED:
        return
    held.status = _status_after(held, outcome, now)
    if held.status == Status.DELIVERED:
        held.delivered_at = now
    held.due_at = now + timedelta(seconds=wait(held.attempts, outcome.retry_after))
    held.save(update_fields=["status", "delivered_at", "due_at"])


def _status_after(held: Notification, outcome: Outcome, now: datetime) -> Status:
    if not outcome.error:
        return Status.DELIVERED
    late = held.give_up_at is not None and now >= held.give_up_at
    refused = _is_refusal(outcome.status_code) and held.attempts >= REFUSALS
    if held.is_test or late or refused or outcome.status_code == GONE:
        return Status.GIVEN_UP
    return Status.FAILED


def _is_refusal(status: int | None) -> bool:
    return status is not None and 300 <= status < 500 and status not in TRY_LATER


def wait(attempts: int, retry_after: float | None) -> float:
    """Return the seconds until the next attempt: twice as many each time, and never just those."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 20))
    chosen = longest * random.uniform(0.75, 1.25)  # noqa: S311 - else all would come at once
    asked = min(retry_after or 0.0, LONGEST_WAIT)
    return max(FIRST_WAIT * 0.75, min(chosen, LONGEST_WAIT), asked)


def _switch_off(receiver_id: UUID) -> None:
    """Whoever answers that he is gone for good is not told any more."""
    problem = "It answered 410: it is gone for good. Correct its address and enable it again."
    found = Receiver.objects.select_for_update().filter(pk=receiver_id, enabled=True).first()
    if found is None:
        return
    found.enabled, found.problem = False, problem
    found.save(update_fields=["enabled", "problem", "updated_at"])
    audit.note("disabled", "receiver", found.pk, found.name, reason=problem)
    logger.warning("The receiver %s answered 410 and is switched off.", found.name)

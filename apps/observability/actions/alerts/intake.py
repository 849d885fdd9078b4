"""What webhooks bring, of all that come at once, is stored together by one thread of this process.

A commit waits for the disk, and costs the same for one alert as for a thousand. Whoever brought
something is answered once it is committed, or refused in words that say whether to come again.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    close_old_connections,
    transaction,
)
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.errors import DomainError
from apps.observability.actions.alerts import admission, path
from apps.observability.actions.alerts.admission import Pass
from apps.observability.actions.alerts.herald import Herald
from apps.observability.actions.alerts.newcomers import store_new
from apps.observability.actions.alerts.storing import Arrival, store
from apps.observability.errors import NotStorable, StoreAway, WebhookRefused, WebhookTooLarge
from apps.observability.models.alert import Source
from apps.observability.sources.alertmanager import Group, read_webhook
from apps.streaming.envelope import Event

logger = logging.getLogger(__name__)

# Alertmanager's own groups come to some kilobytes; `max_alerts` of its receiver bounds them.
MOST_BYTES = 2**20
# Bodies that wait to be stored. A queue without an end would answer everybody too late.
MOST_WAITING_BYTES = 32 * 2**20
# Alerts in one transaction: more of them save nothing, and let the first wait for the last.
AT_ONCE = 2000
AWAY = "PostgreSQL does not answer just now, so nothing was stored. Send it again in a moment."
TOO_LARGE = "A webhook may have 1 MiB. Set max_alerts of this receiver, or group by more labels."
CROWDED = "More comes in than can be stored just now. Send it again in a moment."

# Of a database that is away, or that a newer version of ours is migrating just now.
AWAY_ERRORS = (OperationalError, InterfaceError, ProgrammingError)

Answer = Callable[[DomainError | None], None]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one webhook brought; `answer` is called once, with None when it is committed."""

    by: Pass
    group: Group
    size: int
    received_at: datetime
    answer: Answer


class _Desk:
    """Where parts wait. One thread writes, and ends when nothing waits any more."""

    def __init__(self) -> None:
        self._waiting: deque[Part] = deque()
        self._bytes = 0
        self._busy = False
        self._lock = threading.Lock()
        # Waited for when the process ends, so that what was taken in is written.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alert-intake")

    def put(self, part: Part) -> None:
        with self._lock:
            if self._waiting and self._bytes + part.size > MOST_WAITING_BYTES:
                raise StoreAway(CROWDED)
            self._waiting.append(part)
            self._bytes += part.size
            if not self._busy:
                self._busy = True
                self._writer.submit(self._work_off)

    def _take(self) -> list[Part]:
        taken: list[Part] = []
        alerts = 0
        with self._lock:
            while self._waiting and (not taken or alerts < AT_ONCE):
                part = self._waiting.popleft()
                self._bytes -= part.size
                alerts += len(part.group.told)
                taken.append(part)
            self._busy = bool(taken)
        return taken

    def _work_off(self) -> None:
        close_old_connections()
        try:
            while parts := self._take():
                _write(parts)
        except BaseException:
            # The next to come starts it again; those who wait for these give up by themselves.
            self._busy = False
            logger.exception("The writer of alerts broke")
            raise
        finally:
            close_old_connections()


_desk = _Desk()
_herald = Herald()


def bring(by: Pass, body: bytes, answer: Answer) -> Group:
    """Have the alerts in a webhook's body stored soon, and say what was read in it.

    `answer` is called later, by another thread. NotAlerts is raised for what is none, and
    StoreAway where too much waits already; then nobody is called.
    """
    if len(body) > MOST_BYTES:
        raise WebhookTooLarge(TOO_LARGE)
    group = read_webhook(body)
    _desk.put(Part(by, group, len(body), timezone.now(), answer))
    return group


def _write(parts: Sequence[Part]) -> None:
    """Store all of these, or each by itself, so that a bad one costs the others nothing."""
    left = parts
    try:
        whole, told = store_new([(part.by.digest, _arrivals(part)) for part in parts])
        left = [part for which, part in enumerate(parts) if which not in whole]
        _done([parts[which] for which in sorted(whole)], told)
        if left:
            _store(left)
    except AWAY_ERRORS as error:
        logger.warning("Alerts of %s webhooks could not be stored: %s", len(left), error)
        close_old_connections()
        _answer(left, StoreAway(AWAY))
    except Exception as error:
        # Nobody above us could answer those who wait.
        if len(left) > 1:
            for part in left:
                _write([part])
            return
        logger.exception("Alerts of cluster %s cannot be stored", left[0].by.cluster_id)
        _answer(left, _refusal(error))


def _refusal(error: Exception) -> DomainError:
    if isinstance(error, DataError | IntegrityError):
        return NotStorable("These alerts cannot be stored as they are; our log says why.")
    return DomainError("Something broke on our side. Quote the trace id to whoever runs this.")


def _done(parts: Sequence[Part], told: Sequence[Event]) -> None:
    _answer(parts, None)
    _herald.tell(told)
    _note(parts)


def _store(parts: Sequence[Part]) -> None:
    # What they tell may be the end of what is told just now.
    _herald.wait()
    with transaction.atomic():
        digests = _digests({part.by.cluster_id for part in parts})
        good = [one for one in parts if digests.get(one.by.cluster_id) == one.by.digest]
        # Before the events, which go out on commit as well: whoever waits, waits for the table.
        transaction.on_commit(partial(_answer, good, None))
        store([arrival for part in good for arrival in _arrivals(part)])
    if len(good) < len(parts):
        refused = [one for one in parts if digests.get(one.by.cluster_id) != one.by.digest]
        for part in refused:
            admission.forget(part.by)
        _answer(refused, WebhookRefused(admission.REFUSAL))
    _note(good)


def _arrivals(part: Part) -> list[Arrival]:
    return [
        Arrival(part.by.cluster_id, told, Source.WEBHOOK, part.received_at)
        for told in part.group.told
    ]


def _note(parts: Sequence[Part]) -> None:
    path.note_webhooks((one.by.cluster_id, one.received_at, one.group.truncated) for one in parts)


def _digests(cluster_ids: set[UUID]) -> dict[UUID, str]:
    known = Cluster.objects.filter(pk__in=cluster_ids).exclude(webhook_token_digest="")
    return dict(known.values_list("pk", "webhook_token_digest"))


def _answer(parts: Sequence[Part], refusal: DomainError | None) -> None:
    for part in parts:
        part.answer(refusal)

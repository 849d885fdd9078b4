"""Silences at Alertmanagers: one made in many clusters at once, changed, or ended.

They are Alertmanager's own, and kept nowhere else. What is told of them here is the audit trail,
and the story of the alerts that one was made for.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.clusters.errors import NO_SUCH_CLUSTER
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights, Role, reaches
from apps.observability.errors import AlertmanagerFailed
from apps.observability.federation import targets, wishes
from apps.observability.federation.outcome import (
    PERMISSION_DENIED,
    Answer,
    Failure,
    Outcome,
    SourceFailed,
    Target,
)
from apps.observability.federation.wishes import Wishes
from apps.observability.models import AlertEntry
from apps.observability.models.alert_story import Deed
from apps.observability.queries.asking import let_go_of_the_database
from apps.observability.queries.silences import PART, ask, each, matched, may_see
from apps.observability.sources import silences
from apps.observability.sources.matchers import stay_within
from apps.observability.sources.silences import NOT_FOUND, Silence, Wanted

T = TypeVar("T")

# Who asks twice has a new end by then; one that lasts as long, but for so much, is the same.
SAME = timedelta(minutes=1)
EXPIRED = "expired"


class Status(StrEnum):
    CREATED = "CREATED"
    EXISTS = "EXISTS"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one cluster: the id of its silence, or why there is none."""

    cluster_id: UUID
    status: Status
    cluster_name: str = ""
    silence_id: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Made:
    silence_id: str
    existed: bool


def silence(
    user: User, wanted: Wanted, cluster_ids: Sequence[UUID], *, told: bool = False
) -> list[Result]:
    """Make one silence in each of these clusters, and say of each what became of it.

    Where the same person's equal silence lasts as long already, it is that one. `told`: the story
    of each alert that it matches gets a line.
    """
    ids = list(dict.fromkeys(cluster_ids))
    known = {one.pk: one for one in Cluster.objects.visible_to(user).filter(pk__in=ids)}
    rights = Rights.of(user)
    results = {one: _refusal(one, known.get(one), rights) for one in ids}
    allowed = [one for one, refused in results.items() if refused is None]
    for outcome in _make_each(user, wanted, allowed):
        results[outcome.connection.cluster_id] = _result(outcome)
    found = [one for one in results.values() if one is not None]
    _note(user, wanted, [one for one in found if one.status == Status.CREATED], told=told)
    return found


def _refusal(cluster_id: UUID, cluster: Cluster | None, rights: Rights) -> Result | None:
    if cluster is None:
        return Result(
            cluster_id, Status.NOT_FOUND, code="CLUSTER_NOT_FOUND", reason=NO_SUCH_CLUSTER
        )
    reason = ""
    if not reaches(rights.role_on(cluster), Role.OPERATOR):
        reason = f"This takes the role operator on {cluster.name}."
    elif not cluster.enabled:
        reason = f"{cluster.name} is disabled."
    if not reason:
        return None
    return Result(cluster_id, Status.REFUSED, cluster.name, code=PERMISSION_DENIED, reason=reason)


def _make_each(user: User, wanted: Wanted, cluster_ids: Sequence[UUID]) -> list[Outcome[_Made]]:
    if not cluster_ids:
        # To choose from none would be to choose them all.
        return []

    async def make(target: Connection) -> _Made:
        _require_within(target, wanted)
        same = _same_of(wanted, await ask(target, silences.listing(), silences.read_list), target)
        if same is not None:
            return _Made(same.id, existed=True)
        made = await ask(target, silences.making(wanted), silences.read_made)
        return _Made(made, existed=False)

    chosen = _chosen(user, cluster_ids)
    let_go_of_the_database()
    return each(chosen, make, asker=str(user.pk))


def _chosen(user: User, cluster_ids: Sequence[UUID]) -> list[Connection]:
    # An API server that is away says nothing of the Alertmanager, and a silence cannot wait.
    with wishes.granted(Wishes(ask_offline=True)):
        return targets.choose(user, cluster_ids)


def _require_within(target: Connection, wanted: Wanted) -> None:
    names = target.namespaces if isinstance(target, Target) else None
    if names is None or stay_within(wanted.matchers, names):
        return
    seen = ", ".join(sorted(names)) or "no namespace"
    raise SourceFailed(
        PERMISSION_DENIED,
        f"you see {seen} of this cluster, and this would silence more; add a matcher such as "
        'namespace="shop" with a namespace of yours',
    )


def _same_of(wanted: Wanted, found: Sequence[Silence], target: Connection) -> Silence | None:
    quote = target.parts[PART].quote
    # As Alertmanager's own are when they are read.
    matchers = sorted(replace(one, value=quote(one.value, 8000)) for one in wanted.matchers)
    for one in found:
        if (
            one.state != EXPIRED
            and (one.created_by, one.comment) == (wanted.created_by, quote(wanted.comment, 4000))
            and one.starts_at <= wanted.starts_at + SAME
            and one.ends_at >= wanted.ends_at - SAME
            and sorted(one.matchers) == matchers
        ):
            return one
    return None


def _result(outcome: Outcome[_Made]) -> Result:
    cluster_id, name = outcome.connection.cluster_id, outcome.connection.name
    if isinstance(outcome, Answer):
        status = Status.EXISTS if outcome.value.existed else Status.CREATED
        return Result(cluster_id, status, name, outcome.value.silence_id)
    denied = outcome.code == PERMISSION_DENIED
    status = Status.REFUSED if denied else Status.FAILED
    return Result(cluster_id, status, name, code=outcome.code, reason=outcome.reason)


@transaction.atomic
def _note(user: User, wanted: Wanted, made: Sequence[Result], *, told: bool) -> None:
    for one in made:
        audit.note("silenced", "silence", one.silence_id, one.cluster_name, **_described(wanted))
    if not (told and made):
        return
    now, text = timezone.now(), f"{wanted.comment} (until {wanted.ends_at:%F %T} UTC)"
    alerts = matched(user, [one.cluster_id for one in made], wanted.matchers)
    AlertEntry.objects.bulk_create(
        [
            AlertEntry(alert_id=alert.id, at=now, author=user, deed=Deed.SILENCED, text=text)
            for alert in alerts
        ],
        batch_size=1000,
    )


def _described(wanted: Wanted) -> dict[str, object]:
    return {
        "matchers": [str(one) for one in wanted.matchers],
        "comment": wanted.comment,
        "starts_at": wanted.starts_at.isoformat(),
        "ends_at": wanted.ends_at.isoformat(),
    }


def change(user: User, cluster_id: UUID, silence_id: UUID, wanted: Wanted) -> str:
    """Put `wanted` in the place of a silence, and return the id that it has then.

    Alertmanager cannot change what one matches: it ends that one, and makes another.
    """

    async def replace_it(target: Connection) -> str:
        old = await _look_up(target, silence_id)
        _require_within(target, wanted)
        kept = replace(wanted, starts_at=_start_of(old, wanted))
        return await ask(target, silences.making(kept, old.id), silences.read_made)

    target, new_id = do_at(user, cluster_id, replace_it)
    audit.note(
        "changed", "silence", new_id, target.name, replaces=str(silence_id), **_described(wanted)
    )
    return new_id


def _start_of(old: Silence, wanted: Wanted) -> datetime:
    """An active one that is only made longer keeps its start, and with that its id."""
    is_due = wanted.starts_at <= timezone.now()
    return old.starts_at if is_due and old.state == "active" else wanted.starts_at


def expire(user: User, cluster_id: UUID, silence_id: UUID) -> None:
    """End a silence now. One that is over already stays as it is."""

    async def end(target: Connection) -> Silence:
        old = await _look_up(target, silence_id)
        if old.state != EXPIRED:
            await ask(target, silences.expiring(old.id), silences.require)
        return old

    target, old = do_at(user, cluster_id, end)
    if old.state != EXPIRED:
        audit.note("expired", "silence", old.id, target.name, **_described(old))


async def _look_up(target: Connection, silence_id: UUID) -> Silence:
    found = await ask(target, silences.one(str(silence_id)), silences.read_one)
    if not may_see(target, found):
        raise SourceFailed(NOT_FOUND, silences.NO_SUCH_SILENCE)
    return found


def do_at(
    user: User, cluster_id: UUID, work: Callable[[Connection], Awaitable[T]]
) -> tuple[Connection, T]:
    """Do `work` at one cluster that the user may see; raise AlertmanagerFailed where it fails."""
    [target] = _chosen(user, [cluster_id])
    let_go_of_the_database()
    [outcome] = each([target], work, asker=str(user.pk))
    if isinstance(outcome, Failure):
        raise AlertmanagerFailed(outcome.code, f"{target.name}: {outcome.reason}.")
    return target, outcome.value

"""How far a test alert came on its way from a cluster's Alertmanager to us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.clusters.models import Cluster
from apps.http import Call, Reply, Upstream
from apps.observability.errors import NotAlerts
from apps.observability.federation import targets, wishes
from apps.observability.federation.outcome import Failure, SourceFailed, Target
from apps.observability.federation.wishes import Wishes
from apps.observability.models import Alert, AlertPath
from apps.observability.models.alert import Source
from apps.observability.queries.asking import let_go_of_the_database
from apps.observability.queries.silences import ask, each
from apps.observability.sources import alertmanager, silences
from apps.observability.sources.alertmanager import Told
from apps.observability.sources.alertmanager_config import RECEIVER

NAME = "AiopsTestAlert"


class Stage(StrEnum):
    NONE = "NONE"
    SENT = "SENT"
    SEEN_BY_ALERTMANAGER = "SEEN_BY_ALERTMANAGER"
    SEEN_BY_POLLING = "SEEN_BY_POLLING"
    RECEIVED_BY_WEBHOOK = "RECEIVED_BY_WEBHOOK"


@dataclass(frozen=True, slots=True)
class Step:
    """`hint` says what to look at where it was not reached."""

    stage: Stage
    reached: bool
    at: datetime | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """The newest test alert of a cluster; without one there are no steps."""

    stage: Stage
    fingerprint: str = ""
    alert_id: UUID | None = None
    receivers: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


def follow(user: User, cluster: Cluster) -> Trial:
    """Look for the newest test alert in the Alertmanager and in our table."""
    alerts = Alert.objects.visible_to(user).filter(cluster_id=cluster.pk, alertname=NAME)
    row = alerts.order_by("-starts_at").first()
    path = AlertPath.objects.filter(pk=cluster.pk).first()
    there, problem = _look(user, cluster) if cluster.enabled else (None, "it is disabled")
    if row is None and there is None:
        return Trial(Stage.NONE)
    if there is not None and row is not None and row.fingerprint != there.fingerprint:
        # Whichever is newer is the one that is waited for.
        row, there = (None, there) if there.starts_at > row.starts_at else (row, None)
    steps = _steps(cluster, row, there, path, problem)
    reached = [one.stage for one in steps if one.reached]
    return Trial(
        reached[-1],
        fingerprint=(there or row).fingerprint,  # type: ignore[union-attr]  # one of them is there
        alert_id=row.pk if row else None,
        receivers=there.receivers if there else (),
        steps=steps,
    )


def _look(user: User, cluster: Cluster) -> tuple[Told | None, str]:
    """Return the newest that the Alertmanager has, or why it cannot be said."""
    with wishes.granted(Wishes(ask_offline=True)):
        [target] = targets.choose(user, [cluster.pk])
    let_go_of_the_database()
    [outcome] = each([target], _newest, asker=str(user.pk))
    if isinstance(outcome, Failure):
        return None, outcome.reason
    return outcome.value, ""


async def _newest(target: Connection) -> Told | None:
    call = Call(
        f"{silences.API}/alerts",
        params={"filter": f'alertname="{NAME}"'},
        deadline=silences.DEADLINE,
    )
    found = await ask(target, call, _read)
    names = target.namespaces if isinstance(target, Target) else None
    seen = [one for one in found if names is None or one.labels.get("namespace") in names]
    return max(seen, key=lambda one: one.starts_at, default=None)


def _read(upstream: Upstream, reply: Reply) -> Sequence[Told]:
    silences.require(upstream, reply)
    try:
        return alertmanager.read_alerts(reply.body)
    except NotAlerts as refused:
        raise SourceFailed("CLUSTER_UNREACHABLE", upstream.quote(refused.message)) from None


def _steps(
    cluster: Cluster,
    row: Alert | None,
    there: Told | None,
    path: AlertPath | None,
    problem: str,
) -> tuple[Step, ...]:
    sent_at = there.starts_at if there else row.starts_at if row else None
    has_it = there is not None or row is not None
    polled = row is not None and row.source == Source.ALERTMANAGER
    posted_at = _posted_at(row, path)
    return (
        Step(Stage.SENT, reached=True, at=sent_at),
        Step(
            Stage.SEEN_BY_ALERTMANAGER,
            reached=has_it,
            at=sent_at if has_it else None,
            hint="" if has_it else problem,
        ),
        Step(
            Stage.SEEN_BY_POLLING,
            reached=polled,
            at=row.first_received_at if row and polled else None,
            hint="" if row else _hint_of_polling(path, problem),
        ),
        Step(
            Stage.RECEIVED_BY_WEBHOOK,
            reached=posted_at is not None,
            at=posted_at,
            hint="" if posted_at else _hint_of_webhook(cluster, there),
        ),
    )


def _posted_at(row: Alert | None, path: AlertPath | None) -> datetime | None:
    if row is None:
        return None
    if row.source == Source.WEBHOOK:
        return row.first_received_at
    # We asked before it was posted: any message since then came the same way.
    last = path.last_webhook_at if path else None
    return last if last is not None and last > row.first_received_at else None


def _hint_of_polling(path: AlertPath | None, problem: str) -> str:
    if problem or (path is not None and path.problem):
        return f"Its Alertmanager cannot be asked: {problem or (path and path.problem)}."
    return "Each Alertmanager is asked every half a minute; is the worker running, and beat?"


def _hint_of_webhook(cluster: Cluster, there: Told | None) -> str:
    if not cluster.webhook_token_digest:
        return "The cluster has no webhook token yet: POST .../webhook-token makes one."
    if there is not None and (there.silenced_by or there.inhibited_by):
        return "A silence or an inhibition keeps it from being sent."
    if there is not None and RECEIVER not in there.receivers:
        names = ", ".join(there.receivers) or "nobody"
        return (
            f"Alertmanager tells it to {names}. Is the receiver there under another name, it is "
            f"told in a moment; else add the route to {RECEIVER}, before all others."
        )
    return (
        "Alertmanager waits for group_wait before it posts. If nothing comes after a minute, its "
        "log says why: 401 is an old token, a refused connection is a network policy or a proxy."
    )

"""What somebody looks for among alerts, and the conditions that it makes.

What is over may be a million rows: of the conditions on it those are told apart that an index
answers, and the others are asked of the newest alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Coalesce

from apps.observability.models import Alert
from apps.observability.models.alert import RESOLVED, AlertQuerySet, Severity, State

ACTIVE = frozenset({State.FIRING.value, State.PENDING.value})


@dataclass(frozen=True, slots=True)
class Matcher:
    """`name` compared to `value`, in which with `glob` each * is any text. No label: empty."""

    name: str
    value: str
    negated: bool = False
    glob: bool = False

    @property
    def is_in_the_index(self) -> bool:
        return bool(self.value) and not self.negated and not self.glob

    def condition(self) -> Q:
        if self.is_in_the_index:
            return Q(labels__contains={self.name: self.value})
        said = Func(F("labels"), Value(self.name), function="jsonb_extract_path_text")
        said.output_field = TextField()
        value = like(self.value).replace("*", "%") if self.glob else self.value
        comparison = " LIKE " if self.glob else " = "
        found = Q(_between(Coalesce(said, Value("")), comparison, Value(value)))
        return ~found if self.negated else found


def like(text: str) -> str:
    """Return a pattern of LIKE for this text itself."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return text


def _between(first: F | Func, comparison: str, second: Func | Value) -> Func:
    return Func(
        first,
        second,
        template="(%(expressions)s)",
        arg_joiner=comparison,
        output_field=BooleanField(),
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; what is empty or None does not matter.

    `since` and `until` are about when an alert was over, and of one that is not, when it began.
    """

    states: frozenset[str] = ACTIVE
    severities: tuple[str, ...] = ()
    cluster_ids: tuple[UUID, ...] = ()
    alertnames: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    search: tuple[str, ...] = ()
    acknowledged: bool | None = None
    silenced: bool | None = None
    inhibited: bool | None = None
    # Empty: nobody.
    assigned_to: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def these(ids: Iterable[UUID]) -> Q:
    """One array is read much more quickly than as many values."""
    array = Value(list(ids), output_field=ArrayField(UUIDField()))
    return Q(_between(F("pk"), " = ANY ", Func(array, template="(%(expressions)s)")))


def active(alerts: AlertQuerySet, wish: Wish) -> QuerySet[Alert]:
    """Narrow to those looked for that are not over."""
    states = sorted(wish.states & ACTIVE)
    if not states:
        return alerts.none()
    found = alerts.filter(~RESOLVED, *_named(wish), *besides(wish))
    if len(states) < len(ACTIVE):
        found = found.filter(state__in=states)
    for text in wish.search:
        found = found.filter(_saying(text))
    return _within(found, "starts_at", wish)


def over(alerts: AlertQuerySet, wish: Wish) -> QuerySet[Alert]:
    """Narrow to those that were over in the time looked for."""
    return _within(alerts.filter(RESOLVED), "ends_at", wish)


def indexed(wish: Wish) -> list[Q]:
    """Return the conditions on what is over that an index answers; `besides` has the others."""
    found = [*_named(wish), *(_with_words(text) for text in wish.search)]
    if wish.acknowledged:
        found.append(Q(taken_at__isnull=False))
    return found


def besides(wish: Wish) -> list[Q]:
    """Return the conditions that no index answers."""
    found = [one.condition() for one in wish.matchers if not one.is_in_the_index]
    if wish.assigned_to == "":
        found.append(Q(assigned_to__isnull=True))
    # Nobody holds what is over any more: there it is who ever did that counts.
    taken = Q(acknowledged_at__isnull=False) | RESOLVED & Q(taken_at__isnull=False)
    switches = (
        (wish.acknowledged, taken),
        (wish.silenced, ~Q(silenced_by=[])),
        (wish.inhibited, ~Q(inhibited_by=[])),
    )
    for switch, condition in switches:
        if switch is not None:
            found.append(condition if switch else ~condition)
    return found


def _named(wish: Wish) -> list[Q]:
    named = [
        Q(**{f"{field}__in": values})
        for field, values in (
            ("cluster_id", wish.cluster_ids),
            ("alertname", wish.alertnames),
            ("namespace", wish.namespaces),
        )
        if values
    ]
    if wish.severities and set(wish.severities) != set(Severity.values):
        named.append(Q(severity__in=wish.severities))
    named += [one.condition() for one in wish.matchers if one.is_in_the_index]
    if wish.assigned_to:
        named.append(Q(assigned_to__username=wish.assigned_to))
    return named


def _saying(text: str) -> Q:
    """A text anywhere in what the alert says; the names of its labels are not what it says."""
    pattern = Value(f"%{like(text)}%")
    found = Q(_between(F("alertname"), " ILIKE ", pattern))
    for column in ("labels", "annotations"):
        found |= Q(
            Func(
                F(column),
                pattern,
                template="EXISTS (SELECT FROM jsonb_each_text(%(expressions)s))",
                arg_joiner=") AS one WHERE one.value ILIKE (",
                output_field=BooleanField(),
            )
        )
    return found


def _with_words(text: str) -> Q:
    wanted = Func(Value(text), function="alerts_with_words")
    return Q(_between(F("words"), " @@ ", wanted))


def _within(alerts: QuerySet[Alert], column: str, wish: Wish) -> QuerySet[Alert]:
    if wish.since:
        alerts = alerts.filter(**{f"{column}__gte": wish.since})
    if wish.until:
        alerts = alerts.filter(**{f"{column}__lt": wish.until})
    return alerts

"""What people ask of the inbox: everything that can be asked, and some of it together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.models import Alert
from apps.observability.queries.alerts.finding import ORDERINGS
from tests.factories import grant, make_user

URL = "/api/v1/alerts"
PEOPLE = ("superuser", "operator of 20 clusters", "viewer of 3 namespaces", "viewer of a rare one")


@dataclass(frozen=True)
class Person:
    name: str
    api: APIClient


def everything() -> Iterator[tuple[Person, list[tuple[str, str]]]]:
    for name in PEOPLE:
        user = _person(name)
        api = APIClient()
        api.force_login(user)
        yield Person(name, api), list(_questions(user))


def _person(name: str) -> User:
    user = make_user(name.replace(" ", "-"), is_superuser=name == "superuser")
    match name.split():
        case ["operator", *_]:
            grant(user, Role.OPERATOR, *Cluster.objects.all()[40:60])
        case ["viewer", _, "3", _]:
            names = [f"namespace-{number}" for number in (0, 7, 30)]
            grant(user, Role.VIEWER, namespaces=names, everywhere=True)
        case ["viewer", *_]:
            last = Cluster.objects.order_by("-name")[:2]
            grant(user, Role.VIEWER, *last, namespaces=["namespace-59"])
    return user


def _questions(user: User) -> Iterator[tuple[str, str]]:
    alert = Alert.objects.filter(ends_at__isnull=False).order_by("-ends_at")[1000]
    month_ago = (timezone.now() - timedelta(days=30)).isoformat()
    seen = str(Cluster.objects.visible_to(user).values_list("pk", flat=True)[0])
    filters = _filters(alert.alertname, month_ago) | {"a cluster": [("cluster_id", seen)]}
    for path, kind in (("", "active"), ("/history", "history")):
        for title, said in filters.items():
            yield f"{kind}, {title}", _url(path, said)
        for ordering in ORDERINGS:
            yield f"{kind} by {ordering}", _url(path, [("ordering", ordering)])
        yield f"{kind}, a long page", _url(path, [("page_size", "100")])
    own = Alert.objects.visible_to(user).order_by("-starts_at").values_list("pk", flat=True)[0]
    yield "one alert", _url(f"/{own}", [])
    yield from _other_answers(month_ago, seen)


def _filters(alertname: str, month_ago: str) -> dict[str, list[tuple[str, str]]]:
    return {
        "no filter": [],
        "a severity": [("severity", "CRITICAL")],
        "two severities": [("severity", "CRITICAL"), ("severity", "INFO")],
        "a name": [("alertname", alertname)],
        "a namespace": [("namespace", "namespace-3")],
        "a rare namespace": [("namespace", "namespace-59")],
        "a label": [("label", "team=team-3")],
        "a rare label": [("label", "instance=node-200-7.example.net:9100")],
        "a label that is not": [("label", "team!=team-3")],
        "a glob": [("label", "pod=~web-39*")],
        "a glob of nothing": [("label", "pod=~nothing*")],
        "no such label": [("label", "pod=")],
        "a word": [("search", "web-17")],
        "a common word": [("search", "namespace")],
        "no such word": [("search", "zebra")],
        "acknowledged": [("acknowledged", "true")],
        "not acknowledged": [("acknowledged", "false")],
        "silenced": [("silenced", "true")],
        "not inhibited": [("inhibited", "false")],
        "assigned to one": [("assigned_to", "filler")],
        "assigned to nobody": [("assigned_to", "")],
        "since a month ago": [("since", month_ago)],
        "before a month ago": [("until", month_ago)],
        "name, severity and word": [
            ("alertname", alertname),
            ("severity", "WARNING"),
            ("search", "web"),
        ],
    }


def _other_answers(month_ago: str, cluster_id: str) -> Iterator[tuple[str, str]]:
    """Groups, figures, and files, of which the time is that of the whole file."""
    yield "everything", _url("", [("state", one) for one in ("FIRING", "PENDING", "RESOLVED")])
    for by in ("alertname", "cluster", "severity", "namespace", "pod"):
        yield f"groups by {by}", _url("/groups", [("by", by)])
    nested = [("by", one) for one in ("namespace", "team", "pod")]
    yield "groups by three labels", _url("/groups", nested)
    yield "groups of what is over", _url("/groups", [("by", "team"), ("state", "RESOLVED")])
    yield "the same over clusters", _url("/same", [])
    yield "figures of a week", _url("/statistics", [])
    yield "figures of a month", _url("/statistics", [("since", month_ago)])
    for form in ("csv", "json"):
        wanted = [("format", form), ("cluster_id", cluster_id), ("severity", "CRITICAL")]
        yield f"a file of one cluster, {form}", _url("/export", wanted)


def _url(path: str, query: list[tuple[str, str]]) -> str:
    return f"{URL}{path}?{urlencode(query)}" if query else f"{URL}{path}"

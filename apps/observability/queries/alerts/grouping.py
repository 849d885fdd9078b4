"""Puts alerts together: by labels, or the same one of several clusters.

The same one are those of one name whose labels agree, but for the labels that name a place or a
thing of one cluster, such as its nodes and pods.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db.models import TextField
from django.db.models.functions import Cast

from apps.observability.models.alert import Severity
from apps.observability.promql.naming import upstream
from apps.observability.queries.alerts.finding import Found

NONE = "(none)"
# What differs from one cluster to the next where all is as it should be.
OF_ONE_CLUSTER = frozenset(
    {"cluster", "cluster_id", "cluster_name", "instance", "ip", "host", "hostname", "node"}
    | {"nodename", "pod", "pod_ip", "pod_name", "uid", "pod_uid", "container_id", "id"}
    | {"exported_instance", "exported_node", "exported_pod", "Hostname", "UUID", "pci_bus_id"}
    | {"prometheus", "prometheus_replica", "replica", "zone", "region", "provider_id"}
)
_COLUMNS = (
    *("cluster_id", "cluster__name", "alertname", "severity", "namespace", "starts_at"),
    *("changed_at", "acknowledged_at", "silenced_by", "inhibited_by", "said"),
)


class Row(NamedTuple):
    """As much of an alert as its group is made of."""

    cluster_id: UUID
    cluster_name: str
    alertname: str
    severity: str
    namespace: str
    starts_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None
    silenced_by: Sequence[str]
    inhibited_by: Sequence[str]
    labels: dict[str, str]


@dataclass(slots=True)
class Group:
    """`key`: the labels that all share, as they are shown; those of `missing` are lacking."""

    key: dict[str, str]
    missing: list[str]
    oldest_starts_at: datetime
    changed_at: datetime
    common: set[tuple[str, str]]
    total: int = 0
    acknowledged: int = 0
    silenced: int = 0
    inhibited: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    clusters: Counter[tuple[str, UUID]] = field(default_factory=Counter)

    def take(self, row: Row) -> None:
        self.total += 1
        self.severities[row.severity] += 1
        self.clusters[row.cluster_name, row.cluster_id] += 1
        self.acknowledged += row.acknowledged_at is not None
        self.silenced += bool(row.silenced_by)
        self.inhibited += bool(row.inhibited_by)
        self.oldest_starts_at = min(self.oldest_starts_at, row.starts_at)
        self.changed_at = max(self.changed_at, row.changed_at)
        if self.common:
            self.common &= row.labels.items()

    @property
    def path(self) -> tuple[tuple[bool, str], ...]:
        """Its place among others; a label that is called "(none)" is another than none."""
        return tuple((name in self.missing, value) for name, value in self.key.items())

    def common_labels(self) -> dict[str, str]:
        """What all have in common besides what they are grouped by."""
        return {name: value for name, value in sorted(self.common) if name not in self.key}


Key = Callable[[Row], tuple[tuple[str, str], ...]]


def by_labels(found: Found, names: Sequence[str]) -> list[Group]:
    """Group by labels of these names, in which `cluster` and `severity` are what we call so.

    Nested: what the first label has in common stands together, the worst first.
    """
    read = [(name, _reader(name)) for name in names]
    groups = _gather(_rows(found), lambda row: tuple((name, said(row)) for name, said in read))
    weights: dict[tuple[tuple[bool, str], ...], Counter[str]] = {}
    for group in groups:
        for depth in range(len(names)):
            weights.setdefault(group.path[: depth + 1], Counter()).update(group.severities)

    def place(group: Group) -> list[object]:
        path = group.path
        return [(*_weight(weights[path[: depth + 1]]), *path[depth]) for depth in range(len(names))]

    return sorted(groups, key=place)


def the_same(found: Found) -> list[Group]:
    """Put the same alert of several clusters together, that of most clusters first."""
    groups = _gather(_rows(found), _identity)
    return sorted(
        groups,
        key=lambda one: (-len(one.clusters), *_weight(one.severities), list(one.key.items())),
    )


def _rows(found: Found) -> list[Row]:
    # The text itself: Django would have each read by Python's own, slower reader.
    alerts = found.alerts.order_by().annotate(said=Cast("labels", TextField()))
    read: Iterable[Any] = alerts.values_list(*_COLUMNS)
    return [Row._make((*one[:-1], orjson.loads(one[-1]))) for one in read]


def _gather(rows: Iterable[Row], key_of: Key) -> list[Group]:
    groups: dict[tuple[tuple[str, str], ...], Group] = {}
    for row in rows:
        key = key_of(row)
        group = groups.get(key)
        if group is None:
            missing = [name for name, value in key if not value]
            shown = {name: value or NONE for name, value in key}
            common = set(row.labels.items())
            group = Group(shown, missing, row.starts_at, row.changed_at, common)
            groups[key] = group
        group.take(row)
    return list(groups.values())


def _reader(name: str) -> Callable[[Row], str]:
    match name:
        case "cluster":
            return lambda row: row.cluster_name
        case "severity":
            return lambda row: row.severity
        case "alertname":
            return lambda row: row.alertname
        case "namespace":
            return lambda row: row.namespace
    theirs = upstream(name)
    return lambda row: row.labels.get(theirs, "")


def _identity(row: Row) -> tuple[tuple[str, str], ...]:
    kept = ((name, said) for name, said in row.labels.items() if name not in OF_ONE_CLUSTER)
    return tuple(sorted({("alertname", row.alertname), *kept}))


def _weight(severities: Counter[str]) -> tuple[int, ...]:
    return tuple(-severities[level] for level in Severity.values)

"""Puts alerts together: by labels, or the same one of several clusters.

The same one are those of one name whose labels agree, but for the labels that name a place or a
thing of one cluster, such as its nodes and pods. PostgreSQL groups, and tells of the groups of one
page alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, JSONField, TextField, Value
from django.db.models.functions import Coalesce

from apps.observability.promql.naming import upstream
from apps.observability.queries.alerts import ranking
from apps.observability.queries.alerts.finding import Found
from apps.observability.queries.alerts.ranking import Ranked, Sharing, Told

NONE = "(none)"
# What differs from one cluster to the next where all is as it should be.
OF_ONE_CLUSTER = frozenset(
    {"cluster", "cluster_id", "cluster_name", "instance", "ip", "host", "hostname", "node"}
    | {"nodename", "pod", "pod_ip", "pod_name", "uid", "pod_uid", "container_id", "id"}
    | {"exported_instance", "exported_node", "exported_pod", "Hostname", "UUID", "pci_bus_id"}
    | {"prometheus", "prometheus_replica", "replica", "zone", "region", "provider_id"}
)
_COLUMNS = {
    "cluster": "cluster__name",
    "severity": "severity",
    "alertname": "alertname",
    "namespace": "namespace",
}


@dataclass(frozen=True, slots=True)
class Group:
    """`key`: the labels that all share, as they are shown; those of `missing` are lacking."""

    key: dict[str, str]
    missing: list[str]
    told: Told

    @property
    def total(self) -> int:
        return sum(self.told.by_severity.values())

    @property
    def clusters(self) -> Iterable[tuple[str, UUID, int]]:
        """The name and id of each, by name, and how many of these alerts it has."""
        told = self.told
        return zip(told.cluster_names, told.cluster_ids, told.totals, strict=True)

    @property
    def common_labels(self) -> dict[str, str]:
        common = orjson.loads(self.told.common) if self.told.common else {}
        return {name: common[name] for name in sorted(common) if name not in self.key}


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups in their order, as a paginator takes them, of which a page alone is read."""

    alerts: Sharing
    kind: str
    ranked: Ranked
    key: Callable[[tuple[str, ...]], Mapping[str, str]]

    def count(self) -> int:
        return len(self.ranked.shared)

    def by_severity(self) -> Mapping[str, int]:
        return self.ranked.by_severity

    def __getitem__(self, part: slice) -> list[Group]:
        page = self.ranked.shared[part]
        keys = [self.key(shared) for shared in page]
        told = ranking.tell(self.alerts, self.kind, page) if page else []
        # What was over since they were counted is in none of them.
        found = {one.place: one for one in told}
        return [_group(keys[place], found[place]) for place in sorted(found)]


def by_labels(found: Found, names: Sequence[str]) -> Groups:
    """Group by labels of these names, in which `cluster` and `severity` are what we call so.

    Nested: what the first label has in common stands together, the worst first.
    """
    alerts = _sharing(found, *(_said(name) for name in names))

    def key(shared: tuple[str, ...]) -> Mapping[str, str]:
        return dict(zip(names, shared, strict=True))

    return Groups(alerts, "text", ranking.nested(alerts, len(names)), key)


def the_same(found: Found) -> Groups:
    """Put the same alert of several clusters together, that of most clusters first."""
    own = Value(sorted(OF_ONE_CLUSTER), output_field=ArrayField(TextField()))
    others = Func(F("labels"), own, template="(%(expressions)s)", arg_joiner=" - ")
    others.output_field = JSONField()
    alerts = _sharing(found, others)

    def key(shared: tuple[str, ...]) -> Mapping[str, str]:
        return dict(sorted(({"alertname": ""} | orjson.loads(shared[0])).items()))

    return Groups(alerts, "jsonb", ranking.by_spread(alerts), key)


def _sharing(found: Found, *shared: Any) -> Sharing:
    said = {f"v{number}": one for number, one in enumerate(shared)}
    sharing: Sharing = found.alerts.order_by().values(*ranking.COLUMNS, **said)
    return sharing


def _group(values: Mapping[str, str], told: Told) -> Group:
    missing = [name for name, value in values.items() if not value]
    return Group({name: value or NONE for name, value in values.items()}, missing, told)


def _said(name: str) -> Any:
    """What stands for a label of this name; where there is none, it is empty."""
    column = _COLUMNS.get(name)
    if column:
        return F(column)
    label = Func(F("labels"), Value(upstream(name)), function="jsonb_extract_path_text")
    label.output_field = TextField()
    return Coalesce(label, Value(""), output_field=TextField())

"""Groups are the same, and in the same order, as one puts them together by hand."""

from collections import Counter, defaultdict
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.models import Alert
from apps.observability.models.alert import Severity, Source, State
from apps.observability.queries.alerts.grouping import OF_ONE_CLUSTER
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.inbox import fire, read

pytestmark = pytest.mark.django_db

LEVELS = tuple(Severity.values)
# "(none)" is a value like others; no line break, quote or letter may part two lines of an answer.
VALUES = ("", "(none)", "a", "B", "b", "é", 'q"\\', "x\ny", "{}")
NAMES = ("namespace", "team", "pod")
Said = tuple[int, str, dict[str, str]]
ALERTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(LEVELS),
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES)),
    ),
    max_size=24,
)
GIVEN = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def have(said: list[Said]) -> list[tuple[str, str, dict[str, str]]]:
    """Have these alerts, and return of each its cluster, its severity and its labels."""
    Alert.objects.all().delete()
    clusters = list(Cluster.objects.order_by("name"))
    clusters = clusters or [make_cluster(f"c-{number}") for number in range(3)]
    found = []
    for number, (cluster, severity, own) in enumerate(said):
        # An empty label is none.
        labels = {name: value for name, value in own.items() if value} | {"alertname": "Down"}
        labels["level"] = severity
        Alert.objects.create(
            cluster=clusters[cluster],
            fingerprint=f"{number:016}",
            starts_at=timezone.now(),
            state=State.FIRING,
            severity=severity,
            alertname="Down",
            namespace=labels.get("namespace", ""),
            labels=labels,
            source=Source.WEBHOOK,
            silenced_by=["one"] * (number % 2),
            first_received_at=timezone.now(),
            last_received_at=timezone.now(),
            changed_at=timezone.now(),
        )
        found.append((clusters[cluster].name, severity, labels))
    return found


def in_common(group: list[tuple[str, str, dict[str, str]]], besides: Any) -> dict[str, str]:
    first, *others = (set(labels.items()) for _, _, labels in group)
    return {name: value for name, value in first.intersection(*others) if name not in besides}


def shown(path: str, api: APIClient, **query: Any) -> list[Any]:
    """All groups, page by page."""
    found: list[Any] = []
    while True:
        page = read(api, path, page=len(found) // 4 + 1, page_size=4, **query)
        found += page["items"]
        if len(page["items"]) < 4 or len(found) == page["total"]:
            assert page["total"] == len(found)
            summed: Counter[str] = Counter()
            for one in found:
                summed.update(one["by_severity"])
            assert page["by_severity"] == {level: summed[level] for level in LEVELS}
            return found


def weight(group: list[tuple[str, str, dict[str, str]]]) -> list[int]:
    counted = Counter(severity for _, severity, _ in group)
    return [-counted[level] for level in LEVELS]


@GIVEN
@given(said=ALERTS, names=st.permutations(NAMES), depth=st.integers(1, 3))
def test_groups_by_labels(said: list[Said], names: list[str], depth: int) -> None:
    names = names[:depth]
    alerts = have(said)
    groups = defaultdict(list)
    for one in alerts:
        groups[tuple(one[2].get(name, "") for name in names)].append(one)

    def place(key: tuple[str, ...]) -> list[Any]:
        """By the weight of what begins alike, at each depth; a label that is missing is last."""
        ranks: list[Any] = []
        for end in range(1, depth + 1):
            alike = [one for other in groups if other[:end] == key[:end] for one in groups[other]]
            ranks.append((weight(alike), not key[end - 1], key[end - 1]))
        return ranks

    expected = [
        (
            [value or "(none)" for value in key],
            [name for name, value in zip(names, key, strict=True) if not value],
            sorted(Counter(cluster for cluster, _, _ in groups[key]).items()),
            in_common(groups[key], names),
        )
        for key in sorted(groups, key=place)
    ]
    api = signed_in(make_user(uuid4().hex, is_superuser=True))
    found = [
        (
            [one["labels"][name] for name in names],
            one["missing"],
            [(each["cluster_name"], each["total"]) for each in one["clusters"]],
            one["common_labels"],
        )
        for one in shown("/groups", api, by=names)
    ]
    assert found == expected


@GIVEN
@given(said=ALERTS, held=st.sampled_from([(), ("a",), ("a", "b")]))
def test_the_same_over_clusters(said: list[Said], held: tuple[str, ...]) -> None:
    alerts = have(said)
    user = make_user(uuid4().hex, is_superuser=not held)
    if held:
        grant(user, Role.VIEWER, namespaces=list(held), everywhere=True)
    groups = defaultdict(list)
    for one in alerts:
        if not held or one[2].get("namespace") in held:
            others = {name: one[2][name] for name in sorted(one[2]) if name not in OF_ONE_CLUSTER}
            groups[tuple(others.items())].append(one)
    found = shown("/same", signed_in(user))
    assert {tuple(one["labels"].items()) for one in found} == set(groups)
    order = []
    for one in found:
        group = groups[tuple(one["labels"].items())]
        clusters = Counter(cluster for cluster, _, _ in group)
        assert [(each["cluster_name"], each["total"]) for each in one["clusters"]] == sorted(
            clusters.items()
        )
        assert one["common_labels"] == in_common(group, one["labels"])
        order.append((-len(clusters), weight(group)))
    assert order == sorted(order)


def test_of_very_many_alerts_in_one_group_only_what_all_have_is_common(api: APIClient) -> None:
    cluster = make_cluster("red-1")
    # The first and the last agree in more than those between them do.
    for ago, pod in ((300, "p-1"), (200, "p-2"), (100, "p-1")):
        fire(cluster, "Down", ago=ago, pod=pod, team="web")
    fire(cluster, "Down", ago=150, pod="p-1", team="web", job="one")
    (group,) = read(api, "/groups")["items"]
    assert group["common_labels"] == {"severity": "critical", "team": "web"}
    assert (group["silenced"], group["acknowledged"], group["total"]) == (0, 0, 4)

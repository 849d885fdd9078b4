"""The figures are those that come of the rows one by one, however they are added up."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.models import Alert
from apps.observability.models.alert import Ending, Severity, Source, State
from apps.observability.queries.alerts import statistics
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.inbox import fire, read

pytestmark = pytest.mark.django_db

LEVELS = tuple(Severity.values)
MOST = 5
# How many minutes ago it was over, if it is; its cluster, name, namespace and severity; how many
# seconds it lasted, and after how many it was taken. Few moments, so that many are over at once.
ALERTS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 8)),
        st.integers(0, 1),
        st.sampled_from(["Up", "Down"]),
        st.sampled_from(["shop", "bank", ""]),
        st.sampled_from(LEVELS),
        st.integers(-5, 60),
        st.one_of(st.none(), st.integers(-5, 60)),
    ),
    max_size=16,
)


def have(number: int, now: datetime, cluster: Cluster, said: Any) -> Alert:
    minutes, _, name, space, severity, lasted, taken = said
    ended = now - timedelta(minutes=minutes) if minutes else None
    began = (ended or now - timedelta(minutes=1)) - timedelta(seconds=lasted)
    return Alert.objects.create(
        cluster=cluster,
        fingerprint=f"{number:016}",
        starts_at=began,
        ends_at=ended,
        taken_at=None if taken is None else began + timedelta(seconds=taken),
        state=State.RESOLVED if ended else State.FIRING,
        ending=Ending.TOLD if ended else "",
        severity=severity,
        alertname=name,
        namespace=space,
        labels={"alertname": name, "even": str(number % 2)},
        source=Source.WEBHOOK,
        first_received_at=began,
        last_received_at=began,
        changed_at=began,
    )


def mean(times: list[float]) -> float | None:
    return round(sum(max(0.0, one) for one in times) / len(times), 3) if times else None


def figures(alerts: list[Alert]) -> tuple[int, float | None, float | None]:
    waited = [(one.taken_at - one.starts_at).total_seconds() for one in alerts if one.taken_at]
    lasted = [(one.ends_at - one.starts_at).total_seconds() for one in alerts if one.ends_at]
    return len(alerts), mean(waited), mean(lasted)


def told(one: Any) -> tuple[int, float | None, float | None]:
    return one["total"], one["mean_seconds_to_acknowledge"], one["mean_seconds_to_resolve"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=ALERTS,
    held=st.sampled_from([(), ("shop",), ("bank", "shop")]),
    label=st.sampled_from([{}, {"label": "even!=1"}, {"label": "even=1"}]),
)
def test_figures_are_what_the_rows_come_to(
    monkeypatch: pytest.MonkeyPatch, said: Any, held: tuple[str, ...], label: dict[str, str]
) -> None:
    monkeypatch.setattr(statistics, "MOST_COUNTED", MOST)
    Alert.objects.all().delete()
    clusters = list(Cluster.objects.order_by("name"))
    clusters = clusters or [make_cluster("blue-1"), make_cluster("red-1")]
    now = timezone.now()
    alerts = [have(number, now, clusters[one[1]], one) for number, one in enumerate(said)]
    user = make_user(uuid4().hex, is_superuser=not held)
    if held:
        grant(user, Role.VIEWER, clusters[0], namespaces=list(held))
    found = read(signed_in(user), "/statistics", **label)

    seen = [
        one
        for one in alerts
        if not held or (one.cluster_id == clusters[0].pk and one.namespace in held)
    ]
    if label == {"label": "even=1"}:
        seen = [one for one in seen if one.labels["even"] == "1"]
    # So many of the newest, with all that were over at one time with the last of them.
    ends = sorted((one.ends_at for one in seen if one.ends_at), reverse=True)
    back_to = ends[MOST - 1] if len(ends) >= MOST and ends[-1] < ends[MOST - 1] else None
    counted = [one for one in seen if not one.ends_at or not back_to or one.ends_at >= back_to]
    if label == {"label": "even!=1"}:
        counted = [one for one in counted if one.labels["even"] == "0"]

    looked_back_to = found["looked_back_to"]
    assert (looked_back_to and datetime.fromisoformat(looked_back_to)) == back_to
    assert told(found) == figures(counted)
    assert found["by_severity"] == {
        level: sum(one.severity == level for one in counted) for level in LEVELS
    }
    by_name = {name: [one for one in counted if one.alertname == name] for name in ("Up", "Down")}
    noisiest = {one["alertname"]: (told(one), one["clusters"]) for one in found["noisiest"]}
    assert noisiest == {
        name: (figures(alike), len({one.cluster_id for one in alike}))
        for name, alike in by_name.items()
        if alike
    }
    by_cluster = Counter(one.cluster_id for one in counted)
    assert {one["cluster_id"]: told(one) for one in found["by_cluster"]} == {
        str(key): figures([one for one in counted if one.cluster_id == key]) for key in by_cluster
    }


def test_a_namespace_that_is_none_is_cut_and_harms_nothing(api: APIClient) -> None:
    """PostgreSQL refuses a row of which an index entry would be too long."""
    text = "".join(f"{number:x}" for number in range(0x5000, 0x6000))[:4000]
    name = "".join(chr(0x10000 + number * 37) for number in range(512))
    fire(make_cluster("red-1"), name, over_after=5, namespace=chr(0x1F600) * 3 + text)
    (one,) = read(api, "/history")["items"]
    assert (one["alertname"], len(one["namespace"])) == (name, 100)
    assert one["labels"]["namespace"] == chr(0x1F600) * 3 + text


@pytest.fixture
def changing_tables(transactional_db: None) -> Iterator[None]:
    """Leaves the tables to the other tests as a new installation has them."""
    yield
    Alert.objects.all().delete()
    call_command("migrate", verbosity=0)


def indexes(name: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes JOIN pg_class ON relname = indexname"
            " JOIN pg_index ON indexrelid = pg_class.oid AND indisvalid WHERE indexname = %s",
            [name],
        )
        return [definition for (definition,) in cursor.fetchall()]


def test_the_indexes_that_hold_more_are_made_over_a_full_table(
    changing_tables: None,
) -> None:
    call_command("migrate", "observability", "0011_cards_in_their_rows", verbosity=0)
    names = ("alerts_over_with_figures", "alerts_over_in_namespaces", "alerts_over_by_namespace")
    assert [len(indexes(name)) for name in names] == [0, 0, 1]
    long = fire(make_cluster("red-1"), over_after=5, namespace="shop")
    Alert.objects.filter(pk=long.pk).update(namespace="n" * 150)
    call_command("migrate", verbosity=0)
    assert [len(indexes(name)) for name in names] == [1, 1, 0]
    (definition,) = indexes("alerts_over_with_figures")
    assert "INCLUDE (cluster_id, severity, alertname, namespace, starts_at, taken_at)" in definition
    assert "INCLUDE (cluster_id, id, severity)" in indexes("alerts_over_in_namespaces")[0]
    assert Alert.objects.get().namespace == "n" * 100

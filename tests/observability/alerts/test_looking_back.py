"""What is over is found wherever it lies, by windows that are small here; what is told is true."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.models import Alert
from apps.observability.models.alert import Ending, Severity, Source, State
from apps.observability.queries.alerts import looking_back
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.inbox import fire, names, read

pytestmark = pytest.mark.django_db

SPACES = ("shop", "bank", "")


@pytest.fixture
def red() -> Cluster:
    return make_cluster("red-1")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MOST": 4, "WINDOWS": (4, 8, 16), "FEW_IN_WINDOW": 2, "FEW": 3}.items():
        monkeypatch.setattr(looking_back, name, value)


def over(cluster: Cluster, number: int, space: str = "", severity: str = "INFO") -> Alert:
    """Have an alert that was over so many minutes ago."""
    ended = timezone.now() - timedelta(minutes=number + 1)
    return Alert.objects.create(
        cluster=cluster,
        fingerprint=f"{number:016}",
        starts_at=ended - timedelta(hours=1),
        ends_at=ended,
        state=State.RESOLVED,
        severity=severity,
        alertname=f"Over{number:02}",
        namespace=space,
        labels={"alertname": f"Over{number:02}", "namespace": space, "even": str(number % 2)},
        source=Source.WEBHOOK,
        ending=Ending.TOLD,
        first_received_at=ended,
        last_received_at=ended,
        changed_at=ended,
    )


def test_what_is_rare_and_old_is_found_though_very_much_is_newer(
    api: APIClient, red: Cluster
) -> None:
    for number in range(20):
        over(red, number)
    over(red, 30, "bank")
    found = read(api, "/history", namespace="bank")
    assert [one["alertname"] for one in found["items"]] == ["Over30"]
    assert (found["total"], found["looked_back_to"]) == (1, None)
    assert names(api, "/history", label="namespace=bank") == ["Over30"]


def test_what_is_common_but_old_is_looked_for_up_to_the_last_window(
    api: APIClient, red: Cluster
) -> None:
    for number in range(30):
        over(red, number, "bank" if number > 13 else "")
    found = read(api, "/history", namespace="bank")
    assert [one["alertname"] for one in found["items"]] == ["Over14", "Over15"]
    older = read(api, "/history", namespace="bank", until=found["looked_back_to"])
    assert [one["alertname"] for one in older["items"]] == [f"Over{n}" for n in range(16, 20)]


def test_what_no_index_finds_is_looked_for_among_the_newest_alone(
    api: APIClient, red: Cluster
) -> None:
    for number in range(10):
        over(red, number)
    found = read(api, "/history", label="alertname=~*9")
    assert (found["items"], found["total"]) == ([], 0)
    older = read(api, "/history", label="alertname=~*9", until=found["looked_back_to"])
    assert older["items"] == []
    again = read(api, "/history", label="alertname=~*9", until=older["looked_back_to"])
    assert [one["alertname"] for one in again["items"]] == ["Over09"]
    assert again["looked_back_to"] is None


@pytest.mark.parametrize(("many", "fetches"), [(3, 0), (4, 1)])
def test_what_an_index_finds_is_fetched_only_where_that_cannot_be_much(
    monkeypatch: pytest.MonkeyPatch, api: APIClient, red: Cluster, many: int, fetches: int
) -> None:
    monkeypatch.setattr(looking_back, "MANY_IN_WINDOW", many)
    for number in range(12):
        over(red, number, "" if number == 1 else "bank")
    query = {"namespace": "bank", "label": "alertname=~*9"}
    with CaptureQueriesContext(connection) as queries:
        found = read(api, "/history", **query)
    assert [one["alertname"] for one in found["items"]] == ["Over09"]
    assert found["looked_back_to"] is None
    assert len([one for one in queries if "few AS MATERIALIZED" in one["sql"]]) == fetches


def test_those_that_were_over_at_one_time_are_told_together_or_later(
    api: APIClient, red: Cluster
) -> None:
    for number in range(6):
        over(red, number)
    moment = Alert.objects.get(alertname="Over02").ends_at
    Alert.objects.filter(alertname__in=["Over03", "Over04"]).update(ends_at=moment)
    first = read(api, "/history")
    assert [one["alertname"] for one in first["items"]] == ["Over00", "Over01"]
    rest = names(api, "/history", until=first["looked_back_to"])
    assert sorted(rest) == ["Over02", "Over03", "Over04", "Over05"]


def test_who_may_see_nothing_finds_nothing_in_very_much(red: Cluster) -> None:
    for number in range(20):
        over(red, number)
    fire(red)
    nobody = signed_in(make_user("nobody"))
    for path in ("", "/history", "/groups", "/same"):
        assert read(nobody, path)["items"] == []
    assert read(nobody, "/history", namespace="bank")["total"] == 0
    assert read(nobody, "/statistics")["total"] == 0


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.lists(
        st.tuples(st.sampled_from(SPACES), st.sampled_from(Severity.values)), max_size=24
    ),
    held=st.sampled_from([(), ("shop",), ("bank", "shop")]),
    query=st.sampled_from(
        [
            {},
            {"namespace": "shop"},
            {"severity": "CRITICAL"},
            {"label": "even=1"},
            {"label": "even!=1"},
            {"namespace": "bank", "label": "alertname=~*1*"},
        ]
    ),
)
def test_page_by_page_back_in_time_all_are_found_once(
    said: list[tuple[str, str]], held: tuple[str, ...], query: dict[str, str]
) -> None:
    Alert.objects.all().delete()
    cluster = Cluster.objects.first() or make_cluster("red-1")
    for number, (space, severity) in enumerate(said):
        over(cluster, number, space, severity)
    user = make_user(uuid4().hex, is_superuser=not held)
    if held:
        grant(user, Role.VIEWER, cluster, namespaces=list(held))
    api = signed_in(user)
    found: list[str] = []
    until: dict[str, str] = {}
    while True:
        page = read(api, "/history", **query, **until)
        found += [one["alertname"] for one in page["items"]]
        assert page["total"] == sum(page["by_severity"].values()) == len(page["items"])
        if page["looked_back_to"] is None:
            break
        until = {"until": page["looked_back_to"]}
    wanted = [
        f"Over{number:02}"
        for number, (space, severity) in enumerate(said)
        if (not held or space in held)
        and query.get("namespace", space) == space
        and query.get("severity", severity) == severity
        and {"even=1": number % 2 == 1, "even!=1": number % 2 == 0}.get(
            query.get("label", ""), True
        )
        and (query.get("label") != "alertname=~*1*" or "1" in f"Over{number:02}")
    ]
    assert found == wanted

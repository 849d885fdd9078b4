"""A check made while somebody waits: its steps, its record, its doors."""

import io
import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User
from apps.clusters.actions import health
from apps.clusters.health import Verdict
from apps.clusters.models import Cluster, HealthCheck
from apps.clusters.models.cluster import State
from apps.clusters.models.grant import Role
from tests.clusters.fleet import Site
from tests.conftest import signed_in
from tests.factories import grant, make_cluster
from tests.fakes.upstream import Answer, Behaviour, kubernetes, prometheus, serve

pytestmark = pytest.mark.django_db
WAY = ["CREDENTIAL", "DNS", "TCP", "TLS", "AUTH", "API"]
PARTS = ["PROMETHEUS", "ALERTMANAGER", "LOKI", "TEMPO"]


def try_out(api: APIClient, cluster: Cluster) -> dict[str, Any]:
    response = api.post(f"/api/v1/clusters/{cluster.pk}/test")
    assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    assert [step["step"] for step in answer["steps"]] == WAY + PARTS
    return answer


def statuses(answer: dict[str, Any]) -> dict[str, str]:
    return {step["step"]: step["status"] for step in answer["steps"]}


def test_a_sound_cluster_passes_every_step(api: APIClient, sites: dict[str, Site]) -> None:
    site = next(iter(sites.values()))
    with serve(prometheus()) as metrics:
        answer = try_out(api, site.register(prometheus_url=metrics.url))
    assert answer["state"] == "ONLINE"
    until = Cluster.objects.get().certificate_expires_at
    assert until is not None
    assert answer["steps"][3]["message"] == f"Its certificate is trusted, until {until:%F}."
    assert (answer["failure_stage"], answer["remedy"]) == (None, "")
    assert statuses(answer) == dict.fromkeys(WAY, "OK") | {
        "PROMETHEUS": "OK",
        "ALERTMANAGER": "NOT_CONFIGURED",
        "LOKI": "NOT_CONFIGURED",
        "TEMPO": "NOT_CONFIGURED",
    }
    latencies = {step["step"] for step in answer["steps"] if step["latency_ms"] is not None}
    assert latencies == {"API", "PROMETHEUS"}


def test_it_is_recorded_and_audited_like_any_check(api: APIClient) -> None:
    cluster = make_cluster("edge", api_server_url="https://127.0.0.1:1", enabled=False)
    try_out(api, cluster)
    cluster.refresh_from_db()
    assert (cluster.state, cluster.failure_stage) == ("OFFLINE", "TCP")
    assert cluster.remedy == "Check that it runs, and the firewall between."
    assert HealthCheck.objects.get().failure_stage == "TCP"
    line = AuditEvent.objects.get(action="tested")
    assert (line.object_name, line.details) == ("edge", {"state": "OFFLINE"})
    status = api.get(f"/api/v1/clusters/{cluster.pk}/status").json()
    assert (status["failure_stage"], status["remedy"]) == ("TCP", cluster.remedy)
    history = api.get(f"/api/v1/clusters/{cluster.pk}/health-history").json()
    assert history["items"][0]["failure_stage"] == "TCP"


@pytest.mark.parametrize(
    ("address", "stage"),
    [("https://no-such-host.invalid:6443", "DNS"), ("https://127.0.0.1:1", "TCP")],
)
def test_the_steps_end_where_the_way_ends(api: APIClient, address: str, stage: str) -> None:
    answer = try_out(api, make_cluster("edge", token="a-token", api_server_url=address))
    assert answer["failure_stage"] == stage
    failed = WAY.index(stage)
    expected = ["OK"] * failed + ["FAILED"] + ["SKIPPED"] * (len(WAY) - failed - 1)
    assert [statuses(answer)[step] for step in WAY] == expected
    assert answer["steps"][failed]["remedy"] == answer["remedy"] != ""


def test_a_certificate_of_somebody_else_is_named(api: APIClient, sites: dict[str, Site]) -> None:
    site = next(iter(sites.values()))
    answer = try_out(api, make_cluster("hub", token="a-token", api_server_url=site.url))
    assert answer["failure_stage"] == "TLS"
    assert answer["remedy"] == "Store the CA bundle that signed its certificate."


@pytest.mark.parametrize(
    ("answer", "stage", "auth"),
    [
        ((401, "{}"), "AUTH", "FAILED"),
        ((500, "[-]etcd failed"), "API", "OK"),
        ((404, ""), "API", "OK"),
        (Behaviour.CUT, "API", "SKIPPED"),
    ],
)
def test_an_answer_that_is_no_good_is_told_apart(
    api: APIClient, settings: object, answer: Answer, stage: str, auth: str
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True  # type: ignore[attr-defined]
    with serve({"/readyz": answer}) as upstream:
        told = try_out(api, make_cluster("hub", token="a-token", api_server_url=upstream.url))
    assert told["failure_stage"] == stage
    assert statuses(told)["AUTH"] == auth
    assert statuses(told)["TLS"] == "NOT_CONFIGURED"


def test_where_a_call_hangs_is_where_the_way_ends(api: APIClient, settings: object) -> None:
    settings.CHECK_TIMEOUTS = dict.fromkeys(["HUB", "SPOKE", "EDGE", "FAR_EDGE"], 1)  # type: ignore[attr-defined]
    with serve({"/readyz": Behaviour.HANG}) as upstream:
        answer = try_out(api, make_cluster("silent", api_server_url=upstream.url))
        assert (answer["failure_stage"], answer["state"]) == ("API", "OFFLINE")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        # It takes connections into its queue and never says a word.
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}"
        answer = try_out(api, make_cluster("deaf", api_server_url=url))
    assert answer["failure_stage"] == "TLS"
    assert answer["remedy"] == "Check its load and the network between."


@pytest.mark.parametrize(("days", "soon"), [(-1, True), (6, True), (8, False), (None, False)])
def test_a_certificate_that_ends_soon_is_said_so(
    api: APIClient, days: int | None, soon: bool
) -> None:
    ends = None if days is None else timezone.now() + timedelta(days=days)
    cluster = make_cluster("hub")
    health.record(
        cluster.pk, Verdict(timezone.now(), State.ONLINE, 100, certificate_expires_at=ends)
    )
    status = api.get(f"/api/v1/clusters/{cluster.pk}/status").json()
    assert status["certificate_expires_soon"] is soon
    assert bool(status["certificate_expires_at"]) is (days is not None)


def test_a_part_that_is_down_is_a_step_of_its_own(api: APIClient) -> None:
    with serve(kubernetes()) as upstream:
        cluster = make_cluster(
            "hub", api_server_url=upstream.url, prometheus_url=upstream.url, loki_url=upstream.url
        )
        answer = try_out(api, cluster)
    assert (answer["state"], answer["failure_stage"]) == ("DEGRADED", "PROMETHEUS")
    assert statuses(answer)["PROMETHEUS"] == statuses(answer)["LOKI"] == "FAILED"
    assert statuses(answer)["AUTH"] == "NOT_CONFIGURED"


def test_a_credential_that_does_not_open_is_our_own_fault(api: APIClient, settings: object) -> None:
    with serve(kubernetes() | prometheus()) as upstream:
        cluster = make_cluster(
            "hub", token="a-token", api_server_url=upstream.url, prometheus_url=upstream.url
        )
        try_out(api, cluster)
        settings.SEALING_KEYS = "other:" + "A" * 43 + "="  # type: ignore[attr-defined]
        asked = len(upstream.requests)
        answer = try_out(api, cluster)
        assert len(upstream.requests) == asked
    assert (answer["state"], answer["failure_stage"]) == ("UNKNOWN", "CREDENTIAL")
    assert statuses(answer)["CREDENTIAL"] == "FAILED"
    assert statuses(answer)["API"] == statuses(answer)["PROMETHEUS"] == "SKIPPED"
    status = api.get(f"/api/v1/clusters/{cluster.pk}/status").json()
    # What we knew of the way there stays; of its health we know nothing.
    assert (status["state"], status["connectivity"]) == ("UNKNOWN", "CONNECTED")
    assert status["api_server_healthy"] is None
    assert "cannot be opened" in status["last_error"]
    summary = api.get("/api/v1/fleet/summary").json()
    assert (summary["by_state"]["UNKNOWN"], summary["avg_health_score"]) == (1, None)


def test_it_takes_the_role_operator(operator_of_red: User, viewer_of_blue: User) -> None:
    red = make_cluster("red", labels={"team": "red"})
    blue = make_cluster("blue", labels={"team": "blue"})
    assert signed_in(operator_of_red).post(f"/api/v1/clusters/{red.pk}/test").status_code == 200
    assert signed_in(operator_of_red).post(f"/api/v1/clusters/{blue.pk}/test").status_code == 404
    assert signed_in(viewer_of_blue).post(f"/api/v1/clusters/{blue.pk}/test").status_code == 403
    grant(viewer_of_blue, Role.OPERATOR, blue)
    assert signed_in(viewer_of_blue).post(f"/api/v1/clusters/{blue.pk}/test").status_code == 200


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("test_cluster", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


def test_the_command_tells_the_steps_and_ends_with_what_came_of_it() -> None:
    with serve(kubernetes()) as upstream:
        make_cluster("well", api_server_url=upstream.url)
        make_cluster("dead")
        make_cluster("off", enabled=False)
        code, said = run("well")
        assert (code, said.splitlines()[0]) == (0, "well: ONLINE 100")
        assert "AUTH          NOT_CONFIGURED  No credential is shown to it." in said
        code, said = run("--all")
        assert code == 1
        assert "well: ONLINE 100" in said
        assert "TCP           FAILED" in said
        assert "connection refused. Check that it runs" in said
        assert "off" not in said
        assert "Something failed at 1 of 2 clusters." in said
        code, said = run("dead", "well", "--json")
        assert code == 1
        results = json.loads(said[: said.rindex("}") + 1])["results"]
        assert [one["cluster"] for one in results] == ["dead", "well"]
        assert results[0]["failure_stage"] == "TCP"
    assert HealthCheck.objects.count() == 5


@pytest.mark.parametrize("arguments", [["nobody"], ["well", "nobody"], [], ["well", "--all"]])
def test_the_command_refuses_what_it_cannot_find(arguments: list[str]) -> None:
    make_cluster("well")
    try:
        code, _ = run(*arguments)
    except SystemExit as refused:
        code = int(str(refused.code))
    assert code in {1, 2} if arguments in ([], ["well", "--all"]) else code == 2
    assert not HealthCheck.objects.exists()

"""A cluster is told how to tell us of its alerts, and a test alert travels that way."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from asgiref.sync import async_to_sync
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent
from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.observability.actions.alerts import reconciling
from apps.observability.federation import upstreams
from apps.observability.models import Alert, AlertPath
from tests.conftest import signed_in
from tests.contract.conftest import running
from tests.factories import grant, make_cluster, make_user
from tests.observability.alerts.one_alertmanager import Alertmanager
from tests.observability.alerts.told_and_asked import Real, told_and_asked, until
from tests.observability.programs import program

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_known_of_before() -> Iterator[None]:
    upstreams.forget()
    yield
    upstreams.forget()


def receiver_of(api: APIClient, cluster: Cluster) -> dict[str, Any]:
    response: Any = api.get(f"/api/v1/clusters/{cluster.pk}/alert-receiver")
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def texts_of(api: APIClient, cluster: Cluster) -> dict[str, str]:
    return {one["kind"]: one["text"] for one in receiver_of(api, cluster)["variants"]}


def merged(text: str) -> dict[str, Any]:
    """Put it into a configuration that was there before, as its comments say."""
    ours = yaml.safe_load(text.replace("receiver: Default", "receiver: mail"))
    pager = {"receiver": "pager", "matchers": ['severity="critical"']}
    first, last = ours["route"]["routes"]
    return {
        "route": {"receiver": "mail", "routes": [first, pager, last]},
        "receivers": [{"name": "mail"}, {"name": "pager"}, *ours["receivers"]],
    }


@pytest.mark.parametrize("kind", ["ALERTMANAGER", "OPENSHIFT"])
def test_alertmanager_takes_what_it_is_told_to_write(
    api: APIClient, tmp_path: Path, kind: str
) -> None:
    cluster = make_cluster("edge-1")
    text = texts_of(api, cluster)[kind]
    token_file = tmp_path / "token"
    token_file.write_text("t")
    config = merged(text)
    shown = config["receivers"][-1]["webhook_configs"][0]["http_config"]["authorization"]
    assert shown["credentials_file"].startswith("/etc/alertmanager/")
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config))
    checked = subprocess.run(
        [program("amtool"), "check-config", path], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "3 receivers" in checked.stdout
    # Whoever was told of an alert before is told of it still.
    assert routed(path, "severity=critical") == ["aiops-nextgen", "pager"]
    assert routed(path, "severity=info") == ["aiops-nextgen", "mail"]


def routed(config: Path, *labels: str) -> list[str]:
    """Return who is told of an alert with these labels."""
    test: list[str | Path] = [
        program("amtool"),
        "config",
        "routes",
        "test",
        f"--config.file={config}",
        *labels,
    ]
    said = subprocess.run(test, capture_output=True, text=True, check=True)
    return said.stdout.strip().split(",")


def test_the_operators_resource_says_the_same(api: APIClient) -> None:
    cluster = make_cluster("edge-1")
    texts = texts_of(api, cluster)
    resource, plain = (yaml.safe_load(texts[kind]) for kind in ("KUBE_PROMETHEUS", "ALERTMANAGER"))
    [hook] = resource["spec"]["receivers"][0]["webhookConfigs"]
    [own] = plain["receivers"][0]["webhook_configs"]
    assert (hook["url"], hook["sendResolved"], hook["maxAlerts"]) == (
        own["url"],
        own["send_resolved"],
        own["max_alerts"],
    )
    route, _ = plain["route"]["routes"]
    for name, said in resource["spec"]["route"].items():
        written = {"groupBy": "group_by", "groupWait": "group_wait"}.get(name, name)
        if name not in {"routes", "groupInterval", "repeatInterval"}:
            assert route[written] == said


@pytest.mark.parametrize(
    ("platform", "kind"),
    [
        ("OPENSHIFT", "OPENSHIFT"),
        ("KUBERNETES", "KUBE_PROMETHEUS"),
        ("MICROSHIFT", "ALERTMANAGER"),
    ],
)
def test_a_platform_has_its_way_and_an_installation_its_address(
    api: APIClient, settings: Any, platform: str, kind: str
) -> None:
    cluster = make_cluster("edge-1", platform=platform)
    found = receiver_of(api, cluster)
    assert [one["kind"] for one in found["variants"] if one["recommended"]] == [kind]
    assert found["url"] == f"http://testserver/api/v1/alerts/webhook/{cluster.pk}"
    settings.PUBLIC_URL = "https://aiops.example.net/"
    found = receiver_of(api, cluster)
    assert found["url"] == f"https://aiops.example.net/api/v1/alerts/webhook/{cluster.pk}"
    assert all(found["url"] in one["text"] for one in found["variants"])


def test_it_says_what_is_still_to_be_done_and_never_the_token(api: APIClient) -> None:
    cluster = make_cluster("edge-1", alertmanager_url="http://127.0.0.1:1")
    assert "webhook-token" in receiver_of(api, cluster)["next_steps"][0]
    token = webhook_tokens.rotate(cluster)
    AlertPath.objects.create(cluster=cluster, problem="connection refused")
    found = receiver_of(api, cluster)
    assert not any("webhook-token" in step for step in found["next_steps"])
    assert any("connection refused" in step for step in found["next_steps"])
    assert found["webhook_token_made_at"]
    assert token not in str(found)
    AlertPath.objects.update(last_webhook_at="2026-03-01T12:00:00Z", problem="")
    assert receiver_of(api, cluster)["next_steps"] == []


def trial_of(api: APIClient, cluster: Cluster) -> dict[str, Any]:
    response: Any = api.get(f"/api/v1/clusters/{cluster.pk}/test-alert")
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def hints_of(trial: dict[str, Any]) -> dict[str, str]:
    return {one["stage"]: one["hint"] for one in trial["steps"] if one["hint"]}


def test_a_test_alert_that_is_told_to_somebody_else_says_so(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    assert trial_of(api, cluster) == {
        "stage": "NONE",
        "fingerprint": "",
        "alert_id": None,
        "receivers": [],
        "steps": [],
    }
    webhook_tokens.rotate(cluster)
    sent: Any = api.post(f"/api/v1/clusters/{cluster.pk}/test-alert")
    assert sent.status_code == 202
    fingerprint = sent.json()["fingerprint"]
    assert fingerprint in {one["fingerprint"] for one in alertmanager.alerts()}
    trial = trial_of(api, cluster)
    assert (trial["stage"], trial["fingerprint"]) == ("SEEN_BY_ALERTMANAGER", fingerprint)
    assert trial["receivers"] == ["nobody"]
    assert "tells it to nobody" in hints_of(trial)["RECEIVED_BY_WEBHOOK"]
    async_to_sync(reconciling.reconcile)()
    trial = trial_of(api, cluster)
    assert (trial["stage"], trial["alert_id"]) == ("SEEN_BY_POLLING", str(Alert.objects.get().pk))
    assert AuditEvent.objects.filter(object_type="test alert", action="sent").count() == 1


def test_who_is_held_to_namespaces_follows_a_test_alert_of_one_of_them(
    cluster: Cluster, alertmanager: Alertmanager
) -> None:
    keeper, other = make_user("keeper"), make_user("other")
    grant(keeper, Role.OPERATOR, cluster, namespaces=["shop", "bank"])
    grant(other, Role.VIEWER, cluster, namespaces=["web"])
    sent: Any = signed_in(keeper).post(f"/api/v1/clusters/{cluster.pk}/test-alert").json()
    assert sent["labels"]["namespace"] == "bank"
    assert trial_of(signed_in(keeper), cluster)["fingerprint"] == sent["fingerprint"]
    assert trial_of(signed_in(other), cluster)["stage"] == "NONE"


def test_where_no_alertmanager_answers_nothing_is_sent(api: APIClient) -> None:
    away = make_cluster("edge-1", alertmanager_url="http://127.0.0.1:1")
    without = make_cluster("edge-2")
    codes = [
        (one.status_code, one.json()["error"]["code"])
        for cluster in (away, without)
        for one in [api.post(f"/api/v1/clusters/{cluster.pk}/test-alert")]
    ]
    assert codes == [(502, "CLUSTER_UNREACHABLE"), (503, "ALERTMANAGER_NOT_AVAILABLE")]
    assert trial_of(api, away)["stage"] == "NONE"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    with told_and_asked(tmp_path) as prepared:
        yield prepared


@pytest.mark.django_db(transaction=True)
def test_by_what_it_was_told_to_write_an_alertmanager_tells_us(
    api: APIClient, real: Real, tmp_path: Path
) -> None:
    cluster = make_cluster("edge-1", alertmanager_url=real.url)
    real.token.write_text(webhook_tokens.rotate(cluster))
    with (tmp_path / "platform.log").open("w") as log, running(log.fileno()) as platform:
        text = texts_of(api, cluster)["ALERTMANAGER"]
        text = text.replace("http://testserver", platform)
        text = text.replace("group_wait: 10s", "group_wait: 1s")
        text = text.replace("/etc/alertmanager/aiops-nextgen.token", str(real.token))
        (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(merged(text)))
        real.start()
        sent: Any = api.post(f"/api/v1/clusters/{cluster.pk}/test-alert").json()
        until(lambda: trial_of(api, cluster)["stage"] == "RECEIVED_BY_WEBHOOK")
    trial = trial_of(api, cluster)
    assert trial["fingerprint"] == sent["fingerprint"]
    alert = Alert.objects.get(fingerprint=sent["fingerprint"])
    assert (alert.severity, alert.source, trial["alert_id"]) == ("INFO", "WEBHOOK", str(alert.pk))
    assert trial["receivers"] == ["aiops-nextgen", "mail"]

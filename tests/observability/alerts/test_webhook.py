"""The door for alerts: who may enter, what is stored before it answers, what is refused and how."""

import base64
import json
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster
from apps.observability.actions.alerts import admission
from apps.observability.models import Alert
from apps.observability.models.alert_path import AlertPath
from tests.contract.conftest import running
from tests.factories import make_cluster
from tests.observability.alerts.posting import Sender, alert, body, over

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_gate", admission._Gate())
    admission._known.clear()


@pytest.fixture
def hub() -> Cluster:
    return make_cluster("hub-frankfurt")


@pytest.fixture
def sender(hub: Cluster) -> Sender:
    return Sender(hub)


def test_what_is_told_is_stored_before_the_answer(sender: Sender) -> None:
    assert sender.post(body(alert(), alert("DiskFull"), truncatedAlerts=3)) == 200

    assert sender.answer == {"stored": 2, "unusable": 0}
    assert {one.alertname for one in Alert.objects.all()} == {"NodeDown", "DiskFull"}
    assert Alert.objects.first().receivers == ["aiops"]  # type: ignore[union-attr]
    assert sender.headers["content-type"] == "application/json"


def test_a_resend_and_an_end_and_what_comes_late_are_one_alert(sender: Sender) -> None:
    told = alert()
    for sent in (told, told, over(told), told, over(told)):
        assert sender.post(body(sent)) == 200

    assert Alert.objects.get().state == "RESOLVED"


def test_the_way_is_noted_with_what_was_left_out(sender: Sender) -> None:
    sender.post(body(alert(), truncatedAlerts=3))
    sender.post(body(alert("DiskFull")))

    path = AlertPath.objects.get(cluster=sender.cluster)
    assert path.last_webhook_at
    assert path.truncated_alerts == 3
    assert path.truncated_at


def test_basic_does_as_well_as_bearer_and_a_slash_at_the_end(sender: Sender) -> None:
    pair = base64.b64encode(f"alertmanager:{sender.token}".encode()).decode()
    sender.path += "/"

    assert sender.post(body(alert()), authorization=f"Basic {pair}") == 200


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer nonsense", "Basic %%%", "Basic bm9uZQ=="])
def test_a_wrong_token_and_no_cluster_look_the_same(sender: Sender, shown: str) -> None:
    here = sender.post(b"not even json", authorization=shown), sender.answer["error"]
    sender.path = "/api/v1/alerts/webhook/00000000-0000-4000-8000-000000000000"
    absent = sender.post(b"not even json", authorization=shown), sender.answer["error"]
    sender.path = "/api/v1/alerts/webhook/hub-frankfurt"
    no_id = sender.post(b"not even json", authorization=shown), sender.answer["error"]

    assert here[0] == absent[0] == no_id[0] == 401
    for _, error in (here, absent, no_id):
        error.pop("trace_id")
        error.pop("timestamp")
    assert here[1] == absent[1] == no_id[1]
    assert sender.headers["www-authenticate"] == "Bearer"


def test_a_cluster_without_a_token_lets_nobody_in() -> None:
    assert Sender(make_cluster("edge-oslo"), token="none").post(body(alert())) == 401
    assert Sender(make_cluster("edge-bergen"), token="").post(body(alert())) == 200


def test_a_token_of_another_cluster_is_a_wrong_one(sender: Sender) -> None:
    sender.path = sender.path.replace(str(sender.cluster.pk), str(make_cluster("edge-oslo").pk))

    assert sender.post(body(alert())) == 401


def test_a_token_that_was_replaced_stores_nothing_more(sender: Sender) -> None:
    assert sender.post(body(alert())) == 200
    new = webhook_tokens.rotate(sender.cluster)

    assert sender.post(body(alert("DiskFull"))) == 401
    assert sender.post(body(alert("DiskFull"))) == 401
    sender.token = new
    assert sender.post(body(alert("LinkDown"))) == 200
    assert {one.alertname for one in Alert.objects.all()} == {"NodeDown", "LinkDown"}


def test_a_cluster_that_is_switched_off_may_tell(sender: Sender) -> None:
    Cluster.objects.update(enabled=False)

    assert sender.post(body(alert())) == 200
    assert Alert.objects.count() == 1


def test_strangers_in_a_flood_keep_nobody_out_who_is_known(sender: Sender) -> None:
    assert sender.post(body(alert())) == 200
    stranger = Sender(sender.cluster, token="guess")

    # Let in again as time passes, however long these take.
    said = list(takewhile(lambda said: said == 401, (stranger.post(b"{}") for _ in range(1000))))

    assert 100 <= len(said) < 1000
    assert stranger.headers["retry-after"] == "1"
    assert stranger.answer["error"]["code"] == "RATE_LIMITED"
    assert sender.post(body(alert())) == 200


def test_a_megabyte_is_the_most(sender: Sender) -> None:
    large = body(alert(annotations={"summary": "x" * 2**20}))

    assert sender.post(large) == 413
    assert sender.answer["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert sender.post(large, content_length="") == 413
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [b"", b"{}", b"[]", b"null", b'{"alerts": 1}', b"\xff", b'{"alerts": [{}]}', b"[" * 99999],
)
def test_what_is_no_webhook_is_refused_for_good(sender: Sender, sent: bytes) -> None:
    assert sender.post(sent) == 400
    assert sender.answer["error"]["code"] == "VALIDATION_FAILED"


def test_an_unusable_alert_costs_the_others_nothing(sender: Sender) -> None:
    odd = [alert(startsAt=None), alert(labels={"a": 1}), alert(status="odd"), alert(startsAt="x")]

    assert sender.post(body(*odd, alert())) == 200
    assert sender.answer == {"stored": 1, "unusable": 4}


def test_what_postgresql_cannot_hold_is_put_right(sender: Sender) -> None:
    odd = alert("Nul\x00Name", annotations={"a": "\x00"}, labels={"namespace": "\x00"})
    lone = body(alert("Other"), alert("Third")).replace(b"it is down", b"\\ud800", 1)

    assert sender.post(body(odd)) == 200
    assert Alert.objects.get().alertname == "Nul\ufffdName"
    assert sender.post(lone) == 200
    assert sender.answer == {"stored": 2, "unusable": 0}
    assert Alert.objects.get(alertname="Other").annotations == {"summary": "?"}


def test_the_request_id_comes_back_and_the_request_is_counted(sender: Sender) -> None:
    labels = {"method": "POST", "route": "api/v1/alerts/webhook/<str:id>", "status": "400"}
    before = REGISTRY.get_sample_value("aiops_http_requests_total", labels) or 0

    assert sender.post(b"{}", x_request_id="alertmanager-1") == 400

    assert sender.headers["x-request-id"] == "alertmanager-1"
    assert sender.answer["error"]["trace_id"] == "alertmanager-1"
    assert REGISTRY.get_sample_value("aiops_http_requests_total", labels) == before + 1


def test_what_cannot_be_stored_just_now_is_to_be_sent_again(sender: Sender) -> None:
    assert sender.post(body(alert())) == 200
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE observability_alert RENAME TO elsewhere")
    try:
        assert sender.post(body(alert("DiskFull"))) == 503
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO observability_alert")
    assert sender.headers["retry-after"] == "5"
    assert sender.answer["error"]["code"] == "SERVICE_UNAVAILABLE"

    assert sender.post(body(alert("DiskFull"))) == 200
    assert Alert.objects.count() == 2


def test_by_way_of_django_it_is_the_same(hub: Cluster) -> None:
    api, token = APIClient(), webhook_tokens.rotate(hub)
    url = f"/api/v1/alerts/webhook/{hub.pk}"
    signed = {"Authorization": f"Bearer {token}"}

    def post(sent: bytes, media: str = "application/json", **headers: str) -> Any:
        return api.generic("POST", url, sent, content_type=media, headers=headers)  # type: ignore[arg-type]

    assert post(body(alert()), **signed).json() == {"stored": 1, "unusable": 0}
    assert Alert.objects.count() == 1
    assert post(b"{}").status_code == 401
    assert post(b"{}", **signed).status_code == 400
    assert post(b"{}", "text/plain", **signed).status_code == 415
    assert post(b"x" * (2**20 + 1), **signed).status_code == 413
    assert api.get(url).status_code == 405


def test_it_is_so_in_the_process_that_serves(hub: Cluster, tmp_path: Path) -> None:
    token = webhook_tokens.rotate(hub)
    with (tmp_path / "log").open("w") as log, running(log.fileno()) as url:
        where = f"{url}/api/v1/alerts/webhook/{hub.pk}/"
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {token}"
            for _ in range(3):
                answer = session.post(where, json=json.loads(body(alert())), timeout=20)
                assert (answer.status_code, answer.json()["stored"]) == (200, 1)
            assert session.get(where, timeout=20).status_code == 405
            session.headers["Authorization"] = "Bearer wrong"
            assert session.post(where, json={}, timeout=20).status_code == 401

    assert Alert.objects.count() == 1

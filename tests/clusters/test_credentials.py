"""Credentials over REST: stored in every form, tried out at the cluster, and removed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.vault.secrets import Secrets
from apps.streaming.envelope import Event
from tests.clusters.fleet import TOKEN, Site
from tests.clusters.gated import READER, Gated, gated
from tests.factories import make_cluster
from tests.factories.kubeconfigs import AUTHORITY, cluster_of, in_base64, kubeconfig
from tests.factories.kubeconfigs import READER as CERTIFIED
from tests.fakes.identity_provider import jwt
from tests.fakes.upstream import Answer, Behaviour, serve

__all__ = ["gated"]
pytestmark = pytest.mark.django_db


def test_what_is_stored_is_tried_and_the_answer_says_what_each_part_said(gated: Gated) -> None:
    answer = gated.send(token="new", prometheus_token="wrong")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["valid"], body["expires_at"]) == ("stored", False, None)
    found = body["validation"]
    assert found["api_server"]["status"] == "VALID"
    assert found["api_server"]["username"] == READER
    assert found["prometheus"]["status"] == "INVALID"
    assert found["prometheus"]["remedy"] == "Store a valid prometheus token."
    unset = ("alertmanager", "tempo", "loki", "identity_provider")
    assert {found[part]["status"] for part in unset} == {"NOT_CONFIGURED"}
    assert gated.secrets == Secrets(token="new", prometheus_token="wrong")
    assert gated.seen()["credentials"]["validated_at"] is not None


def test_a_simulated_cluster_says_whose_the_token_is_and_that_it_lacks_nothing(
    api: APIClient, sites: dict[str, Site]
) -> None:
    site = sites["hub-frankfurt"]
    cluster = make_cluster("hub", api_server_url=site.url)
    sent = {"token": TOKEN, "ca_bundle": site.ca_bundle}
    body = api.post(f"/api/v1/clusters/{cluster.pk}/credentials", sent, format="json").json()
    found = body["validation"]
    assert body["valid"] is True
    assert found["api_server"]["username"].startswith("system:serviceaccount:")
    assert found["permissions"] == {
        "complete": True,
        "missing": [],
        "excessive": [],
        "manifest": None,
    }


def test_what_the_cluster_refuses_is_stored_all_the_same(gated: Gated) -> None:
    body = gated.send(token="wrong").json()
    assert body["validation"]["api_server"]["status"] == "INVALID"
    assert body["validation"]["api_server"]["remedy"] == "Store a valid credential."
    assert body["validation"]["permissions"] is None
    assert body["validation"]["permissions_problem"]
    assert gated.secrets.token == "wrong"
    assert gated.seen()["credentials"]["validated_at"] is None


def test_an_api_server_that_is_away_or_is_none_is_told_from_one_that_refuses(
    gated: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.clusters.actions.validation.SECONDS", 0.3)
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    with serve({reviews: Behaviour.HANG}) as upstream:
        Cluster.objects.update(api_server_url=upstream.url)
        step = gated.send(token="t").json()["validation"]["api_server"]
        assert (step["status"], step["username"]) == ("UNREACHABLE", None)
        assert "no answer in 0.3 s" in step["message"]
        answers: list[Answer] = [(200, "<html>sign in</html>"), (500, "broken"), (404, {})]
        for answer in answers:
            upstream.answers = {reviews: answer}
            step = gated.send("/validate").json()["validation"]["api_server"]
            assert step["status"] == "UNKNOWN"
            assert step["remedy"] == "Check that this is a Kubernetes API server."


def test_an_api_server_that_takes_us_for_anybody_does_not_take_the_credential(
    gated: Gated,
) -> None:
    gated.api_server.tokens = {"anybody": "system:anonymous"}
    body = gated.send(token="anybody").json()
    assert (body["valid"], body["validation"]["api_server"]["status"]) == (False, "INVALID")


def test_a_kubeconfig_of_this_cluster_opens_it(gated: Gated) -> None:
    here = cluster_of(server=f"{gated.api_server.url}/")
    text = kubeconfig(mine=(here, {"token": "new"}), other=(cluster_of(), {"token": "elsewhere"}))
    body = gated.send(auth_type="KUBECONFIG", kubeconfig=text, context="mine").json()
    assert body["validation"]["api_server"]["status"] == "VALID"
    assert gated.seen()["credentials"]["auth_type"] == "KUBECONFIG"
    assert gated.row.ca_bundle == AUTHORITY.bundle


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ("", "Say which context is meant; there are mine, other, exec."),
        ("other", 'Context "other" is for another API server than'),
        ("nobody", "The kubeconfig has no context of that name."),
        ("exec", 'Context "exec" has exec for its user'),
    ],
)
def test_a_context_that_is_not_meant_for_here_is_refused(
    gated: Gated, context: str, sentence: str
) -> None:
    here = cluster_of(server=gated.api_server.url)
    text = kubeconfig(
        mine=(here, {"token": "new"}),
        other=(cluster_of(), {"token": "elsewhere"}),
        exec=(here, {"exec": {"command": "sh"}}),
    )
    answer = gated.send(kubeconfig=text, context=context)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert answer.json()["error"]["message"].startswith(sentence)
    assert not Credential.objects.exists()
    assert gated.api_server.shown == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "token"),
        ({"auth_type": "KUBECONFIG"}, "kubeconfig"),
        ({"auth_type": "OIDC"}, "oidc"),
        ({"auth_type": "OIDC", "token": "t"}, "token"),
        ({"token": "t", "kubeconfig": "k"}, "kubeconfig"),
        ({"token": "t", "context": "c"}, "context"),
        ({"token": "t", "server_name": "a b"}, "server_name"),
        ({"token": "t", "server_name": "a..b"}, "server_name"),
        ({"token": "t", "expires_at": "soon"}, "expires_at"),
        ({"oidc": {"client_id": "c", "client_secret": "s"}}, "oidc.issuer_url"),
        ({"oidc": {"client_id": "c", "issuer_url": "https://x"}}, "oidc.client_secret"),
        (
            {"oidc": {"client_id": "c", "client_secret": "s", "issuer_url": "https://169.254.1.1"}},
            "oidc.issuer_url",
        ),
    ],
)
def test_a_form_that_cannot_be_is_refused_by_its_field(gated: Gated, body: Any, field: str) -> None:
    answer = gated.send(**body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{field}: ")


def test_every_kind_comes_with_a_registration_as_well(api: APIClient) -> None:
    text = kubeconfig(prod=(cluster_of(), {"token": "t"}))
    oidc = {"issuer_url": "https://sso.example.net", "client_id": "c", "client_secret": "s"}
    kinds: dict[str, Any] = {
        "SERVICE_ACCOUNT": {"token": "t"},
        "KUBECONFIG": {"kubeconfig": text},
        "OIDC": {"oidc": oidc},
    }
    for kind, sent in kinds.items():
        body = {
            "name": kind.lower().replace("_", "-"),
            "api_server_url": "https://api.c1.example.net:6443",
            "credentials": sent,
        }
        answer = api.post("/api/v1/clusters", body, format="json")
        assert answer.status_code == 201, answer.json()
        assert answer.json()["credentials"]["auth_type"] == kind
    body["name"], body["api_server_url"] = "elsewhere", "https://api.c2.example.net:6443"
    refused = api.post("/api/v1/clusters", body | {"credentials": kinds["KUBECONFIG"]}, "json")
    assert refused.json()["error"]["code"] == "CREDENTIALS_INVALID"
    assert not Cluster.objects.filter(name="elsewhere").exists()


def test_an_empty_trial_tries_what_is_stored_and_stores_nothing(
    gated: Gated, published: list[Event]
) -> None:
    assert gated.send("/validate").json()["error"]["code"] == "CREDENTIALS_NOT_FOUND"
    gated.send(token="new")
    before = gated.row
    published.clear()
    body = gated.send("/validate").json()
    assert (body["status"], body["valid"]) == ("validated", False)
    assert body["validation"]["prometheus"]["message"].endswith(
        "takes a token, and got none (401)."
    )
    assert gated.row.sealed == before.sealed
    assert published == []


def test_a_trial_of_what_is_sent_stores_nothing_of_it(gated: Gated) -> None:
    gated.send(token="old", prometheus_token="old-p")
    before = gated.row
    body = gated.send("/validate", token="new").json()
    assert body["valid"] is True
    assert gated.prometheus.asked_with("/api/v1/query")[-1] == "old-p"
    assert gated.send("/validate", prometheus_token="wrong").json()["valid"] is False
    assert (gated.row.sealed, gated.row.validated_at) == (before.sealed, before.validated_at)


def test_a_use_by_a_person_is_in_the_trail_without_its_secrets(gated: Gated) -> None:
    gated.send(token="new")
    gated.send("/validate", token="wr0ng-t0ken")
    gated.send("", "delete")
    lines = list(AuditEvent.objects.filter(object_type="credential").order_by("pk"))
    assert [line.action for line in lines] == ["stored", "validated", "validated", "removed"]
    assert lines[1].details["api_server"] == "VALID"
    assert lines[2].details["api_server"] == "INVALID"
    assert "wr0ng" not in str([line.details for line in lines])


def test_what_is_removed_is_gone_and_a_second_time_nothing_happens(
    gated: Gated, published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    gated.send(token="new")
    CheckSchedule.objects.update(next_check_at=timezone.now() + timedelta(hours=1))
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert gated.send("", "delete").status_code == 204
    assert not Credential.objects.exists()
    assert gated.seen()["credentials"] is None
    assert [event.event_type for event in published] == ["CLUSTER_CREDENTIALS_UPDATED"]
    assert CheckSchedule.objects.get().next_check_at <= timezone.now()
    assert AuditEvent.objects.filter(action="removed").count() == 1


def test_the_earliest_end_is_shown_with_the_cluster(gated: Gated) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ends = now + timedelta(days=30)
    token = jwt(exp=int(ends.timestamp()), sub="reader")
    later = (ends + timedelta(days=1)).isoformat()
    body = gated.send(token=token, expires_at=later).json()
    assert datetime.fromisoformat(body["expires_at"]) == ends
    seen = gated.seen()["credentials"]
    assert (seen["expires_at"], seen["expires_soon"]) == (body["expires_at"], False)
    soon = (now + timedelta(days=6)).isoformat()
    gated.send(token=token, expires_at=soon)
    assert gated.seen()["credentials"]["expires_soon"] is True
    assert gated.row.expires_with == ""
    refused = gated.send(token=token, expires_at="2020-01-01T00:00:00Z").json()["error"]
    assert (refused["code"], "past" in refused["message"]) == ("CREDENTIALS_INVALID", True)


def test_a_client_certificate_says_when_it_ends(gated: Gated) -> None:
    user = {
        "client-certificate-data": in_base64(CERTIFIED.certificate),
        "client-key-data": in_base64(CERTIFIED.key),
    }
    text = kubeconfig(mine=(cluster_of(server=gated.api_server.url), user))
    body = gated.send(kubeconfig=text).json()
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=20) < left < timedelta(days=1)
    assert gated.row.expires_with == "client_certificate"


def test_nothing_of_a_refused_form_is_shown_again(gated: Gated, tmp_path: Path) -> None:
    sent: dict[str, Any] = {
        "token": "c4nary-1",
        "kubeconfig": "c4nary-2",
        "oidc": {"client_secret": "c4nary-3"},
    }
    for path in ("", "/validate", "/rotate"):
        assert "c4nary" not in gated.send(path, **sent).content.decode()

"""Importing a kubeconfig: what becomes of each context, and that nothing half-done stays."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent
from apps.clusters.actions import credentials, health, registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.actions.importing import Imported, Wishes, import_contexts, suggest_name
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from apps.streaming.envelope import Event
from tests.factories import make_cluster
from tests.factories.kubeconfigs import (
    AUTHORITY,
    OTHER,
    READER,
    cluster_of,
    in_base64,
    kubeconfig,
    one,
)

pytestmark = pytest.mark.django_db

CERTIFIED = {
    "client-certificate-data": in_base64(READER.certificate),
    "client-key-data": in_base64(READER.key),
}
MIXED = kubeconfig(
    alpha=(cluster_of(1), {"token": "ta"}),
    bad=(cluster_of(2), {"exec": {"command": "id"}}),
    gamma=(cluster_of(3, **{"tls-server-name": "inside.example.net"}), CERTIFIED),
)


def statuses(results: list[Imported]) -> list[str]:
    return [f"{result.context} {result.status}" for result in results]


def test_every_context_gets_its_own_result(
    published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        results = import_contexts(MIXED, Wishes(prefix="lab-", labels={"team": "red"}))
    assert statuses(results) == ["alpha CREATED", "bad REFUSED", "gamma CREATED"]
    assert 'Context "bad" has exec' in results[1].reason
    alpha, gamma = Cluster.objects.order_by("name")
    assert [alpha.pk, None, gamma.pk] == [result.cluster_id for result in results]
    assert (alpha.name, alpha.display_name, alpha.labels) == ("lab-alpha", "alpha", {"team": "red"})
    assert unlock(alpha.credential) == Secrets(token="ta")
    assert unlock(gamma.credential) == Secrets(
        client_certificate=READER.certificate, client_key=READER.key
    )
    assert gamma.credential.server_name == "inside.example.net"
    assert gamma.credential.ca_bundle == AUTHORITY.bundle
    assert gamma.credential.auth_type == "KUBECONFIG"
    assert {one.name for one in health.claim_due(10)} == {"lab-alpha", "lab-gamma"}
    assert [event.event_type for event in published].count("CLUSTER_REGISTERED") == 2


def test_a_dry_run_says_the_same_and_leaves_nothing(
    published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tried = import_contexts(MIXED, Wishes(dry_run=True))
    assert not Cluster.objects.exists()
    assert not AuditEvent.objects.filter(object_type="cluster").exists()
    assert published == []
    assert {result.cluster_id for result in tried} == {None}
    assert statuses(tried) == statuses(import_contexts(MIXED, Wishes()))


def test_the_same_file_twice_registers_nothing_twice() -> None:
    first = import_contexts(MIXED, Wishes())
    again = import_contexts(MIXED, Wishes(prefix="other-"))
    assert statuses(again) == ["alpha EXISTS", "bad REFUSED", "gamma EXISTS"]
    assert again[0].cluster_id == first[0].cluster_id
    assert again[0].reason.startswith("alpha is registered already")


@pytest.mark.parametrize("update", [False, True])
def test_many_contexts_of_one_cluster_make_one_cluster(update: bool) -> None:
    text = kubeconfig(
        unusable=(cluster_of(1), {"token": "has a blank"}),
        first=(cluster_of(1), {"token": "t1"}),
        second=(cluster_of(1, server="https://API.c1.example.net:6443/"), {"token": "t2"}),
    )
    results = import_contexts(text, Wishes(update=update))
    assert statuses(results) == ["unusable REFUSED", "first CREATED", "second EXISTS"]
    assert 'same cluster as context "first"' in results[2].reason
    assert unlock(Cluster.objects.get().credential).token == "t1"


def test_an_address_with_another_authority_is_another_cluster() -> None:
    other = cluster_of(1, **{"certificate-authority-data": in_base64(OTHER.bundle)})
    text = kubeconfig(here=(cluster_of(1), {"token": "a"}), there=(other, {"token": "b"}))
    assert statuses(import_contexts(text, Wishes())) == ["here CREATED", "there CREATED"]
    assert statuses(import_contexts(text, Wishes())) == ["here EXISTS", "there EXISTS"]


def test_a_cluster_registered_without_authority_is_known_by_its_address() -> None:
    make_cluster("by-hand", token="x", api_server_url="https://api.c1.example.net:6443")
    (result,) = import_contexts(one(), Wishes())
    assert (result.status, result.name) == ("EXISTS", "by-hand")


def test_an_update_renews_what_signs_in_and_keeps_the_rest() -> None:
    import_contexts(one(), Wishes(labels={"team": "red"}))
    cluster = Cluster.objects.get()
    stored = credentials.merge(cluster, NewCredential(Secrets(prometheus_token="for-prometheus")))
    credentials.store(cluster, stored)
    results = import_contexts(one(user=CERTIFIED), Wishes(update=True, labels={"tier": "1"}))
    assert statuses(results) == ["prod UPDATED"]
    cluster = Cluster.objects.get()
    assert cluster.labels == {"team": "red", "tier": "1"}
    assert unlock(cluster.credential) == Secrets(
        client_certificate=READER.certificate,
        client_key=READER.key,
        prometheus_token="for-prometheus",
    )


def test_an_update_loses_no_token_of_what_cannot_be_opened_now(settings: Any) -> None:
    import_contexts(one(), Wishes())
    cluster = Cluster.objects.get()
    stored = credentials.merge(cluster, NewCredential(Secrets(prometheus_token="for-prometheus")))
    credentials.store(cluster, stored)
    before, keys = Credential.objects.get().sealed, settings.SEALING_KEYS
    settings.SEALING_KEYS = "another:" + "B" * 43 + "="
    (result,) = import_contexts(one(user=CERTIFIED), Wishes(update=True))
    assert result.status == "REFUSED"
    assert "The rest of the stored credential cannot be kept" in result.reason
    settings.SEALING_KEYS = keys
    kept = Credential.objects.get()
    assert kept.sealed == before
    assert unlock(kept).prometheus_token == "for-prometheus"


def test_an_update_of_nothing_writes_and_tells_nothing(
    published: list[Event], django_capture_on_commit_callbacks: Any
) -> None:
    import_contexts(one(), Wishes())
    before = Credential.objects.get().sealed
    with django_capture_on_commit_callbacks(execute=True):
        assert statuses(import_contexts(one(), Wishes(update=True))) == ["prod EXISTS"]
    assert Credential.objects.get().sealed == before
    assert published == []


def test_contexts_are_chosen_and_named() -> None:
    wishes = Wishes(contexts=frozenset({"gamma", "gone"}), names={"gamma": "tokyo"})
    results = import_contexts(MIXED, wishes)
    assert statuses(results) == ["gamma CREATED", "gone REFUSED"]
    assert results[1].reason == 'The file has no context "gone".'
    assert Cluster.objects.get().name == "tokyo"


@pytest.mark.parametrize(
    ("prefix", "context", "name"),
    [
        ("", "Prod_EU", "prod-eu"),
        ("", "default/api-x-net:6443/kube:admin", "default-api-x-net-6443-kube-admin"),
        ("", "arn:aws:eks:eu-west-1:12:cluster/a", "arn-aws-eks-eu-west-1-12-cluster-a"),
        ("lab-", "a", "lab-a"),
        ("", "Zürich", "z-rich"),
        ("", "x" * 62 + "-y", "x" * 62),
        ("", "日本", ""),
    ],
)
def test_a_name_is_made_of_prefix_and_context(prefix: str, context: str, name: str) -> None:
    assert suggest_name(prefix, context) == name


@pytest.mark.parametrize(
    ("text", "wishes", "says"),
    [
        (one(), Wishes(names={"prod": "No Name"}), "cannot name a cluster"),
        (one(), Wishes(names={"prod": "taken"}), "A cluster named taken is registered"),
        (one(cluster_of(server="http://api.example.net")), Wishes(), "Use https"),
        (one(cluster_of(server="https://169.254.169.254")), Wishes(), "No cluster can be"),
        (one(cluster_of(server="https://u:secret@a.net")), Wishes(), "Leave user and password"),
        (one(cluster_of(server="https://a.net/" + "x" * 600)), Wishes(), "too long"),
        (one(cluster_of(server="file:///etc/passwd")), Wishes(), "Write a URL"),
        (one(user={"token": "a\u2026b"}), Wishes(), "no token has"),
        (
            one(user=CERTIFIED | {"client-key-data": in_base64(AUTHORITY.sign("x").key)}),
            Wishes(),
            "two different keys",
        ),
    ],
)
def test_what_cannot_be_registered_is_refused_by_context(
    text: str, wishes: Wishes, says: str
) -> None:
    make_cluster("taken")
    (result,) = import_contexts(text, wishes)
    assert result.status == "REFUSED"
    assert result.reason.startswith('Context "prod": ')
    assert says in result.reason
    assert Cluster.objects.count() == 1


def test_labels_that_are_none_are_refused_before_anything() -> None:
    with pytest.raises(ValidationError):
        import_contexts(one(), Wishes(labels={"a b": "c"}))


def test_what_nobody_foresaw_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    register = registration.register

    def break_at_gamma(fields: Any, credential: NewCredential) -> Cluster:
        if fields["name"] == "gamma":
            raise RuntimeError("the machine caught fire")
        return register(fields, credential)

    monkeypatch.setattr(registration, "register", break_at_gamma)
    with pytest.raises(RuntimeError):
        import_contexts(MIXED, Wishes())
    assert not Cluster.objects.exists()
    assert not AuditEvent.objects.filter(object_type="cluster").exists()

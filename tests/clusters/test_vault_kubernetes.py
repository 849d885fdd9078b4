"""Credentials in Kubernetes Secrets: kept for good or refused, opened while they are there."""

import base64
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from rest_framework.test import APIClient

from apps.clusters.actions import checking, credentials, registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.connection import connect
from apps.clusters.errors import BoxGone, CredentialStoreAway
from apps.clusters.models import Cluster, Credential
from apps.clusters.tasks import sweep_credentials
from apps.clusters.vault import revisions, secret_api
from apps.clusters.vault.opened import OPENED
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import chosen, unlock
from apps.simulator.kube.secrets import Mishap
from tests.clusters.keeper import Keeper
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "canary-in-a-secret-c0ffee"


def stored(name: str = "alpha", token: str = CANARY) -> Cluster:
    cluster = make_cluster(name, token=token)
    return Cluster.objects.select_related("credential").get(pk=cluster.pk)


def token_of(cluster: Cluster) -> str:
    """Open it as a process does that has never opened it."""
    OPENED.clear()
    return unlock(Credential.objects.get(pk=cluster.pk)).token


def texts_in(keeper: Keeper, cluster_id: UUID) -> list[str]:
    secret = keeper.safe.secrets.get(f"cluster-creds-{cluster_id}", {"data": {}})
    return [base64.b64decode(value).decode() for value in secret["data"].values()]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, at every level."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def at_once_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every revision be too old to be about to be committed."""
    monkeypatch.setattr(revisions, "UNCOMMITTED_SECONDS", -5.0)


def test_a_stored_credential_is_in_a_secret_of_ours_and_in_no_row(
    api: APIClient, keeper: Keeper, lines: io.StringIO
) -> None:
    body = {"name": "alpha", "api_server_url": "https://127.0.0.1:1"}
    answer = api.post("/api/v1/clusters", body | {"credentials": {"token": CANARY}}, format="json")
    assert answer.status_code == 201
    cluster = Cluster.objects.get()
    secret = keeper.safe.secrets[f"cluster-creds-{cluster.pk}"]
    labels = secret["metadata"]["labels"]
    assert labels["app.kubernetes.io/managed-by"] == "aiops-nextgen"
    assert labels["app.kubernetes.io/component"] == "cluster-credential"
    assert secret["type"] == "Opaque"
    assert [CANARY in text for text in texts_in(keeper, cluster.pk)] == [True]
    assert token_of(cluster) == CANARY
    assert CANARY not in dump()
    assert CANARY not in lines.getvalue()
    assert CANARY not in repr(OPENED.__dict__)
    assert "a-token-of-the-keeper" not in lines.getvalue() + dump()


def dump() -> str:
    """Return every row of every table."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    assert any("k8s." in row for row in found)
    return "\n".join(found)


def test_a_box_moved_to_another_row_does_not_open(keeper: Keeper) -> None:
    alpha, beta = stored("alpha"), stored("beta", "another")
    Credential.objects.filter(pk=beta.pk).update(sealed=alpha.credential.sealed)
    with pytest.raises(BoxGone, match=f"cluster-creds-{beta.pk} does not hold it"):
        token_of(beta)
    assert token_of(alpha) == CANARY


@pytest.mark.parametrize("fault", ["down", "slow", "wrong token"])
def test_an_api_that_is_away_takes_nothing_and_loses_nothing(
    api: APIClient, keeper: Keeper, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_api, "SECONDS", 0.3)
    cluster = stored()
    before = Credential.objects.values().get()
    break_down(keeper, fault)
    answer = api.post(f"/api/v1/clusters/{cluster.pk}/credentials", {"token": "new"}, format="json")
    said = answer.json()["error"]
    assert (answer.status_code, said["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert "what was stored before is still in use" in said["message"]
    body = {"name": "beta", "api_server_url": "https://127.0.0.1:1", "credentials": {"token": "b"}}
    assert api.post("/api/v1/clusters", body, format="json").status_code == 503
    assert Cluster.objects.get() == cluster
    assert Credential.objects.values().get() == before
    assert unlock(cluster.credential).token == CANARY
    keeper.open()
    keeper.suffer()
    keeper.write_token("a-token-of-the-keeper")
    assert token_of(cluster) == CANARY
    assert api.post("/api/v1/clusters", body, format="json").status_code == 201


def test_what_cannot_be_read_just_now_is_not_left_out_of_what_is_stored_next(
    api: APIClient, keeper: Keeper
) -> None:
    """A change of one token keeps the others; with the store away there is no telling which."""
    cluster = stored()
    keeper.shut()
    OPENED.clear()
    url = f"/api/v1/clusters/{cluster.pk}/credentials/rotate"
    answer = api.post(url, {"token": "new"}, format="json")
    assert answer.status_code == 503, answer.content
    assert "Our own store of credentials is away" in answer.json()["error"]["message"]
    moved = api.patch(
        f"/api/v1/clusters/{cluster.pk}", {"api_server_url": "https://127.0.0.2:1"}, format="json"
    )
    assert moved.status_code == 400
    assert "would follow it" in moved.json()["error"]["message"]


def break_down(keeper: Keeper, fault: str) -> None:
    match fault:
        case "down":
            keeper.shut()
        case "slow":
            keeper.suffer("api-slow")
        case _:
            keeper.write_token("another")


def test_a_cluster_whose_credential_cannot_be_read_says_that_it_is_our_own_store(
    keeper: Keeper,
) -> None:
    cluster = stored()
    keeper.shut()
    OPENED.clear()
    problem = connect(Cluster.objects.get(pk=cluster.pk)).problem
    assert "Our own store of credentials is away." in problem
    assert "connection refused" in problem


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("mishaps", "kept"),
    [
        ([Mishap.RIVAL], True),
        ([Mishap.DELETED], True),
        ([Mishap.CUT], True),
        ([Mishap.FAILS_LATE], True),
        ([Mishap.RIVAL, Mishap.DELETED, Mishap.RIVAL, Mishap.FAILS_LATE], True),
        ([Mishap.RIVAL] * 7, True),
        ([Mishap.RIVAL] * 8, False),
        ([Mishap.FAILS], True),
        ([Mishap.FAILS, Mishap.FAILS], False),
        ([Mishap.RIVAL, Mishap.FAILS, Mishap.RIVAL, Mishap.FAILS], False),
    ],
)
def test_it_is_kept_or_refused_whatever_befalls_the_change(
    keeper: Keeper, mishaps: list[Mishap], kept: bool, known: bool
) -> None:
    cluster = stored() if known else make_cluster("alpha")
    keeper.safe.mishaps += mishaps
    outcome = nullcontext() if kept else pytest.raises(CredentialStoreAway, match="Nothing was st")
    with outcome:
        credentials.store(cluster, NewCredential(Secrets(token="new")))
    keeper.safe.mishaps.clear()
    survives = known and Mishap.DELETED not in mishaps
    if kept:
        assert token_of(cluster) == "new"
    elif survives:
        assert token_of(cluster) == CANARY
    else:
        assert not Credential.objects.exists()


def test_what_others_put_into_the_secret_stays(keeper: Keeper) -> None:
    cluster = stored()
    name = f"cluster-creds-{cluster.pk}"
    secret = keeper.safe.secrets[name]
    about = secret["metadata"] | {"annotations": {"theirs": "yes"}}
    keeper.safe.put(name, metadata=about, data=secret["data"] | {"theirs": "eA=="})
    credentials.store(cluster, NewCredential(Secrets(token="new")))
    assert keeper.safe.secrets[name]["metadata"]["annotations"] == {"theirs": "yes"}
    assert len(texts_in(keeper, cluster.pk)) == 2
    registration.retire(cluster)
    assert texts_in(keeper, cluster.pk) == ["x"]


def test_the_old_revision_goes_once_the_new_one_is_committed(keeper: Keeper) -> None:
    cluster = stored()
    with transaction.atomic():
        credentials.store(cluster, NewCredential(Secrets(token="new")))
        assert len(texts_in(keeper, cluster.pk)) == 2
    assert len(texts_in(keeper, cluster.pk)) == 1
    assert token_of(cluster) == "new"


def test_a_check_that_read_the_row_before_a_change_uses_the_new_credential_whole(
    keeper: Keeper,
) -> None:
    cluster = stored()
    old = Credential.objects.get()
    Credential.objects.update(server_name="before")
    credentials.store(cluster, NewCredential(Secrets(token="new"), server_name="after"))
    OPENED.clear()
    assert (unlock(old).token, old.server_name) == ("new", "after")


def test_another_change_under_way_keeps_its_box(keeper: Keeper) -> None:
    """Two store at once: the box of the slower is put, and the quicker commits before its row."""
    cluster = stored()
    box = chosen().put(cluster.pk, Secrets(token="slower").as_text())
    credentials.store(cluster, NewCredential(Secrets(token="quicker")))
    assert sweep_credentials() == 0
    Credential.objects.update(sealed=box)
    assert token_of(cluster) == "slower"


def test_a_secret_deleted_by_somebody_else_is_the_clusters_clear_problem(keeper: Keeper) -> None:
    cluster = stored()
    keeper.safe.secrets.clear()
    OPENED.clear()
    async_to_sync(checking.check_due)()
    cluster.refresh_from_db()
    assert (cluster.state, cluster.failure_stage) == ("UNKNOWN", "CREDENTIAL")
    assert f"cluster-creds-{cluster.pk} does not hold it any more" in cluster.last_error
    assert "Store the credential anew" in cluster.last_error


def test_a_deletion_is_noticed_by_a_process_that_had_opened_it(
    keeper: Keeper, after: Callable[[float], None]
) -> None:
    cluster = stored()
    keeper.safe.secrets.clear()
    assert unlock(cluster.credential).token == CANARY
    after(700)
    with pytest.raises(BoxGone):
        unlock(cluster.credential)


@pytest.mark.parametrize("value", ["bm8gSlNPTg==", "eyJ0b2tlbiI6NX0=", "W10=", "/w==", "###"])
def test_a_secret_that_somebody_wrote_over_is_a_problem_and_no_crash(
    keeper: Keeper, value: str
) -> None:
    cluster = stored()
    name, revision = f"cluster-creds-{cluster.pk}", cluster.credential.sealed[4:]
    keeper.safe.put(name, data={revision: value})
    OPENED.clear()
    problem = connect(Cluster.objects.get(pk=cluster.pk)).problem
    assert "wrote over it" in problem


def test_what_the_other_store_keeps_still_opens_and_moves_with_the_next_change(
    keeper: Keeper, settings: Any
) -> None:
    cluster = stored()
    settings.CREDENTIAL_STORE = "database"
    assert token_of(cluster) == CANARY
    credentials.store(cluster, NewCredential(Secrets(token="sealed")))
    assert Credential.objects.get().sealed.startswith("v1.tests.")
    assert keeper.safe.secrets == {}
    settings.CREDENTIAL_STORE = "kubernetes"
    assert token_of(cluster) == "sealed"
    credentials.store(cluster, NewCredential(Secrets(token="kept")))
    assert len(texts_in(keeper, cluster.pk)) == 1
    assert token_of(cluster) == "kept"


def test_without_a_place_in_the_settings_a_box_says_what_is_missing(
    keeper: Keeper, settings: Any
) -> None:
    cluster = stored()
    settings.CREDENTIAL_KUBERNETES = {}
    settings.CREDENTIAL_STORE = "database"
    OPENED.clear()
    assert "Set CREDENTIAL_KUBERNETES_URL" in connect(Cluster.objects.get()).problem
    registration.retire(cluster)


def test_the_rotated_token_of_our_pod_is_read_anew(keeper: Keeper) -> None:
    stored()
    keeper.safe.token = "rotated"
    try:
        keeper.write_token("rotated")
        assert token_of(stored("beta", "b")) == "b"
    finally:
        keeper.safe.token = "a-token-of-the-keeper"

"""Secrets as rounds, requests and sweeps meet them: few calls, from every kind of loop."""

import base64
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import call_command
from django.db import connection, transaction
from django.test import AsyncClient
from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.actions import credentials, health, importing, registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import ClusterAlreadyExists, ClusterChanged
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.tasks import sweep_credentials
from apps.clusters.vault import revisions, secret_api
from apps.clusters.vault.opened import OPENED
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from tests.clusters.keeper import Keeper
from tests.factories import make_cluster
from tests.factories.kubeconfigs import cluster_of, one

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 300


@pytest.fixture
def hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was put before this be an hour old."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3700)


def name_of(cluster_id: UUID) -> str:
    return f"cluster-creds-{cluster_id}"


def fill(keeper: Keeper, count: int) -> list[Cluster]:
    """Bring in clusters, due now, with a Secret each."""
    url = "https://127.0.0.1:1"
    clusters = [Cluster(name=f"cluster-{n:04}", api_server_url=url) for n in range(count)]
    Cluster.objects.bulk_create(clusters)
    due = timezone.now() - timedelta(seconds=1)
    CheckSchedule.objects.bulk_create(
        CheckSchedule(cluster=cluster, next_check_at=due) for cluster in clusters
    )
    rows = []
    for cluster in clusters:
        revision = revisions.new()
        text = Secrets(token=f"token-of-{cluster.name}").as_text()
        data = {revision: base64.b64encode(text.encode()).decode()}
        name = name_of(cluster.pk)
        keeper.safe.put(name, metadata={"name": name, "labels": revisions.OURS}, data=data)
        rows.append(Credential(cluster=cluster, sealed=f"k8s.{revision}", holds=["token"]))
    Credential.objects.bulk_create(rows)
    return clusters


def claim(count: int = 500) -> dict[str, str]:
    """Claim what is due; return the token that each is asked with, and then have all due again."""
    claimed = health.claim_due(count)
    CheckSchedule.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))
    return {one.name: one.api_server.token or one.problem for one in claimed}


def test_a_round_lists_the_secrets_once_and_the_next_asks_nobody(keeper: Keeper) -> None:
    clusters = fill(keeper, MANY)
    expected = {cluster.name: f"token-of-{cluster.name}" for cluster in clusters}
    assert claim() == expected
    # Two pages.
    assert keeper.safe.asked == ["GET /api/v1/namespaces/aiops-nextgen/secrets"] * 2
    assert claim() == expected
    assert len(keeper.safe.asked) == 2


def test_what_is_missing_from_the_list_is_not_asked_for_one_by_one(keeper: Keeper) -> None:
    fill(keeper, 20)
    keeper.safe.secrets.clear()
    assert all("does not hold it any more" in said for said in claim().values())
    assert len(keeper.safe.asked) == 1


def test_a_few_are_read_one_by_one(keeper: Keeper) -> None:
    clusters = fill(keeper, 3)
    claim()
    asked = sorted(path.rsplit("/", 1)[1] for path in keeper.safe.asked)
    assert asked == sorted(f"cluster-creds-{cluster.pk}" for cluster in clusters)


def test_an_api_that_is_away_is_asked_twice_for_a_whole_round_and_then_left_alone(
    keeper: Keeper, after: Callable[[float], None]
) -> None:
    fill(keeper, 50)
    keeper.write_token("wrong")
    assert all("refuses our own token (401)" in said for said in claim().values())
    assert claim().keys()
    assert keeper.safe.asked == []
    # A wrong token is not even let in as the keeper; the pause is seen by what follows it.
    keeper.write_token("a-token-of-the-keeper")
    assert all("refuses our own token (401)" in said for said in claim().values())
    assert keeper.safe.asked == []
    after(6)
    assert all(said.startswith("token-of-") for said in claim().values())


def test_what_was_opened_serves_on_while_the_api_is_away(
    keeper: Keeper, after: Callable[[float], None]
) -> None:
    clusters = fill(keeper, 10)
    claim()
    keeper.shut()
    after(700)
    assert claim() == {cluster.name: f"token-of-{cluster.name}" for cluster in clusters}


def test_a_loop_a_thread_of_a_loop_and_no_loop_all_open_it(keeper: Keeper, admin: User) -> None:
    cluster = make_cluster("alpha", token="the-token")
    row = Credential.objects.get()

    def opened() -> str:
        OPENED.clear()
        return unlock(row).token

    async def in_threads_of_a_loop() -> list[str]:
        return [
            await sync_to_async(opened)(),
            await sync_to_async(opened, thread_sensitive=False)(),
            await sync_to_async(async_to_sync(sync_to_async(opened)))(),
        ]

    assert opened() == "the-token"
    assert async_to_sync(in_threads_of_a_loop)() == ["the-token"] * 3

    async def as_the_server() -> int:
        browser = AsyncClient()
        await browser.aforce_login(admin)
        url = f"/api/v1/clusters/{cluster.pk}/credentials"
        body = {"token": "newer"}
        return (await browser.post(url, body, content_type="application/json")).status_code

    assert async_to_sync(as_the_server)() == 200
    row.refresh_from_db()
    assert opened() == "newer"


def test_of_many_who_store_at_once_one_whole_credential_is_left(keeper: Keeper) -> None:
    cluster = make_cluster("alpha", token="first")
    together = threading.Barrier(4)

    def store(number: int) -> None:
        try:
            together.wait(10)
            secrets = Secrets(token=f"token-{number}", loki_token=f"loki-{number}")
            credentials.store(cluster, NewCredential(secrets))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store, range(4)))
    OPENED.clear()
    found = unlock(Credential.objects.get())
    assert found.token.removeprefix("token-") == found.loki_token.removeprefix("loki-")
    assert len(keeper.safe.secrets[name_of(cluster.pk)]["data"]) == 1


def test_a_registration_that_is_refused_leaves_no_secret(keeper: Keeper) -> None:
    make_cluster("alpha", token="of-alpha")
    kept = dict(keeper.safe.secrets)
    with pytest.raises(ClusterAlreadyExists):
        make_cluster("alpha", token="of-the-other")
    wishes = importing.Wishes(dry_run=True)
    text = one(cluster_of(server="https://127.0.0.1:2"), {"token": "imported"})
    assert importing.import_contexts(text, wishes)[0].status == "CREATED"
    assert keeper.safe.secrets == kept


def test_what_a_rolled_back_change_left_is_swept_an_hour_later(
    keeper: Keeper, request: pytest.FixtureRequest
) -> None:
    known = make_cluster("alpha", token="of-alpha")
    before = keeper.safe.secrets[name_of(known.pk)]["data"]
    with transaction.atomic():
        credentials.store(known, NewCredential(Secrets(token="newer")))
        make_cluster("beta", token="of-beta")
        transaction.set_rollback(True)
    assert len(keeper.safe.secrets) == 2
    assert sweep_credentials() == 0
    request.getfixturevalue("hour_later")
    assert sweep_credentials() == 2
    assert list(keeper.safe.secrets) == [name_of(known.pk)]
    assert keeper.safe.secrets[name_of(known.pk)]["data"] == before
    OPENED.clear()
    assert unlock(Credential.objects.get()).token == "of-alpha"


@pytest.mark.usefixtures("hour_later")
def test_the_sweep_leaves_what_is_not_ours(keeper: Keeper) -> None:
    """Another installation in the same namespace, or this one with an empty database."""
    cluster = make_cluster("alpha", token="of-alpha")
    theirs = keeper.safe.secrets[name_of(cluster.pk)]
    registration.retire(cluster)
    labels = theirs["metadata"]["labels"] | {"app.kubernetes.io/instance": "another"}
    keeper.safe.put(name_of(cluster.pk), metadata=theirs["metadata"] | {"labels": labels})
    keeper.safe.put("registry-pull", data={"value": "eA=="})
    assert sweep_credentials() == 0
    assert len(keeper.safe.secrets) == 2


def test_a_cluster_retired_while_the_api_is_away_has_its_secret_swept(
    keeper: Keeper, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    cluster = make_cluster("alpha", token="of-alpha")
    keeper.shut()
    with caplog.at_level(logging.WARNING):
        registration.retire(cluster)
    assert not Cluster.objects.exists()
    assert "stays for now" in caplog.text
    caplog.clear()
    assert sweep_credentials() == 0
    assert "is not swept this time" in caplog.text
    keeper.open()
    request.getfixturevalue("hour_later")
    assert sweep_credentials() == 1
    assert keeper.safe.secrets == {}


def test_an_import_waits_once_for_an_api_that_does_not_answer(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_api, "SECONDS", 0.3)
    keeper.suffer("api-slow")
    tried: list[str] = []
    read = secret_api.read

    async def count(namespace: secret_api.Namespace, name: str) -> secret_api.Held | None:
        tried.append(name)
        return await read(namespace, name)

    monkeypatch.setattr(secret_api, "read", count)
    results = []
    for number in range(5):
        text = one(cluster_of(server=f"https://127.0.0.1:{number + 2}"), {"token": "imported"})
        names = {"one": f"cluster-{number}"}
        results += importing.import_contexts(text, importing.Wishes(names=names))
    assert {result.status for result in results} == {"REFUSED"}
    assert len(tried) == 1
    assert not Cluster.objects.exists()


def test_a_change_puts_the_credential_before_it_holds_the_cluster(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = make_cluster("alpha", token="of-alpha")
    puts: list[bool] = []
    put = revisions.put

    async def look(*args: Any) -> None:
        await sync_to_async(lambda: puts.append(connection.in_atomic_block))()
        await put(*args)

    monkeypatch.setattr(revisions, "put", look)
    registration.change(cluster, {}, NewCredential(Secrets(token="newer")))
    assert puts == [False]
    before = dict(keeper.safe.secrets[name_of(cluster.pk)]["data"])
    with pytest.raises(ClusterChanged):
        registration.change(cluster, {}, NewCredential(Secrets(token="lost")), only_if=[99])
    assert keeper.safe.secrets[name_of(cluster.pk)]["data"] == before


def test_a_removed_credential_leaves_no_secret(keeper: Keeper) -> None:
    cluster = make_cluster("alpha", token="of-alpha")
    credentials.remove(cluster)
    assert keeper.safe.secrets == {}


@pytest.mark.usefixtures("keeper")
def test_a_command_imports_into_secrets(tmp_path: Any, capsys: Any) -> None:
    file = tmp_path / "config"
    file.write_text(one(cluster_of(server="https://127.0.0.1:2"), {"token": "imported"}))
    call_command("import_kubeconfig", str(file))
    OPENED.clear()
    row = Credential.objects.get()
    assert row.sealed.startswith("k8s.")
    assert unlock(row).token == "imported"
    capsys.readouterr()


def test_with_the_sealed_store_alone_nobody_is_asked(keeper: Keeper, settings: Any) -> None:
    settings.CREDENTIAL_STORE = "database"
    make_cluster("alpha", token="sealed")
    claim()
    assert sweep_credentials() == 0
    assert keeper.safe.asked == []

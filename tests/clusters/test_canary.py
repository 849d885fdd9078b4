"""A credential goes in and is seen nowhere again: answers, pages, logs, events, rows, errors."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.actions import checking
from apps.clusters.connection import connect
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.store import unlock
from tests.factories.kubeconfigs import READER, cluster_of, in_base64, one
from tests.fakes.upstream import Upstream, serve

IMPORT = "/api/v1/clusters/import"

CANARIES = {
    name: f"canary-{name.replace('_', '-')}-c0ffee"
    for name in ("token", "prometheus_token", "tempo_token", "loki_token")
}
# What an imported kubeconfig holds, as it is sent and as it is inside.
IMPORTED = {
    "imported token": "canary-imported-c0ffee",
    "client key": READER.key.splitlines()[1],
    "client certificate": READER.certificate.splitlines()[3],
    "client-key-data": in_base64(READER.key)[60:120],
    "client-certificate-data": in_base64(READER.certificate)[200:260],
}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, at every level, as it is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    handler.setFormatter(root.handlers[-1].formatter if root.handlers else None)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(params=[200, 400, 401, 403, 422, 500, 503])
def echo(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    """An upstream that throws the caller's credentials back at it, with every kind of answer."""
    with serve() as upstream:
        # An upstream knows what it was sent, and nothing else.
        said = CANARIES["prometheus_token"]
        answer = {"status": "error", "errorType": "execution", "error": f"you sent {said}"}
        upstream.answers = {
            "/readyz": (request.param, f"[-]auth failed: you sent {CANARIES['token']}"),
            "/api/v1/query": (request.param, answer | {"warnings": [said]}),
        }
        upstream.headers = {"X-Echo": CANARIES["token"]}
        yield upstream


def refuse(text: str, where: str) -> None:
    found = [name for name, canary in (CANARIES | IMPORTED).items() if canary in text]
    assert not found, f"{found} in {where}"


def register(api: APIClient, upstream: Upstream) -> Any:
    body = {
        "name": "canary-cluster",
        "api_server_url": upstream.url,
        "endpoints": {"prometheus_url": upstream.url},
        "credentials": CANARIES,
    }
    return api.post("/api/v1/clusters", body, format="json")


def test_a_credential_is_seen_nowhere_again(
    api: APIClient, admin: User, echo: Upstream, lines: io.StringIO, settings: Any
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    response = register(api, echo)
    assert response.status_code == 201
    refuse(response.content.decode(), "the answer to the registration")
    cluster = Cluster.objects.get()
    url = f"/api/v1/clusters/{cluster.pk}"
    refuse(api.post(f"{url}/credentials", CANARIES, format="json").content.decode(), "storing")
    refused = api.post(f"{url}/credentials", {**CANARIES, "ca_bundle": "x"}, format="json")
    refuse(refused.content.decode(), "a refused credential")
    invalid = api.post(url, {"credentials": CANARIES["token"]}, format="json")
    refuse(invalid.content.decode(), "an invalid request")
    async_to_sync(checking.check_due)()
    assert echo.requests[0].headers["authorization"].startswith("Bearer canary-")
    query = api.post("/api/v1/metrics/query", {"query": "up"}, format="json")
    refuse(query.content.decode(), "a failed query")
    refuse(repr(connect(cluster)) + repr(unlock(cluster.credential)), "a representation")
    refuse(str(vars(Credential.objects.get())), "the model")
    crawl_the_api(api, cluster)
    crawl_the_admin(admin, cluster)
    search_every_row()
    search_redis()
    refuse(lines.getvalue(), "the log")
    assert lines.getvalue()


def test_an_imported_credential_is_seen_nowhere_again(
    api: APIClient, admin: User, lines: io.StringIO, tmp_path: Path
) -> None:
    user = {
        "token": IMPORTED["imported token"],
        "client-certificate-data": in_base64(READER.certificate),
        "client-key-data": in_base64(READER.key),
    }
    cluster_part = cluster_of(server="https://127.0.0.1:1")
    good = one(cluster_part, user)
    refused = one(cluster_part, user | {"exec": {"env": IMPORTED["imported token"]}})
    broken = good.replace("{", "{ &", 1)
    unfit = one(cluster_part, user | {"token": f"{user['token']} with a blank"})
    for text in (good, good, refused, broken, unfit):
        for change in ({"dry_run": True}, {"names": {"prod": "canary-cluster"}}, {"update": True}):
            answer = api.post(IMPORT, {"kubeconfig": text} | change, format="json")
            refuse(answer.content.decode(), "the answer to an import")
        browser = Client()
        browser.force_login(admin)
        page = browser.post("/admin/clusters/cluster/import/", {"text": text})
        refuse(page.content.decode(), "the preview of an import")
        refuse(printed(text, tmp_path / "config"), "what the command prints")
    async_to_sync(checking.check_due)()
    cluster = Cluster.objects.get()
    assert unlock(cluster.credential).client_key == READER.key
    refuse(repr(connect(cluster)) + repr(unlock(cluster.credential)), "a representation")
    crawl_the_api(api, cluster)
    crawl_the_admin(admin, cluster)
    search_every_row()
    search_redis()
    refuse(lines.getvalue(), "the log")


def printed(text: str, file: Path) -> str:
    file.write_text(text)
    out = io.StringIO()
    try:
        call_command("import_kubeconfig", str(file), "--json", stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}"
    return out.getvalue()


def crawl_the_api(api: APIClient, cluster: Cluster) -> None:
    paths = [
        "/api/v1/clusters",
        f"/api/v1/clusters/{cluster.pk}",
        f"/api/v1/clusters/{cluster.pk}/status",
        f"/api/v1/clusters/{cluster.pk}/health-history",
        "/api/v1/clusters/by-name/canary-cluster",
        "/api/v1/fleet/summary",
        "/api/v1/me",
        "/api/schema",
        "/ready",
        "/health",
    ]
    for path in paths:
        response = api.get(path)
        assert response.status_code == 200, path
        refuse(response.content.decode(), path)


def crawl_the_admin(admin: User, cluster: Cluster) -> None:
    client = Client()
    client.force_login(admin)
    pages = [
        "/admin/",
        "/admin/clusters/cluster/",
        "/admin/clusters/cluster/add/",
        "/admin/clusters/cluster/import/",
        f"/admin/clusters/cluster/{cluster.pk}/change/",
        f"/admin/clusters/cluster/{cluster.pk}/history/",
        f"/admin/clusters/cluster/{cluster.pk}/delete/",
        "/admin/clusters/healthcheck/",
        "/admin/clusters/grant/",
    ]
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200, page
        refuse(response.content.decode(), page)
    form = {"name": "x", "api_server_url": "no-url", "labels": "{}", **CANARIES}
    again = client.post(f"/admin/clusters/cluster/{cluster.pk}/change/", form)
    assert again.status_code == 200
    refuse(again.content.decode(), "a form that was refused and shown again")


def search_every_row() -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            refuse("\n".join(row[0] for row in cursor.fetchall()), f"table {table}")


def search_redis() -> None:
    with redis.Redis.from_url(settings.EVENTS_REDIS_URL, decode_responses=True) as server:
        entries = server.xrange("aiops:events")
        assert entries
        refuse(str(entries), "the event log")
        for key in server.scan_iter():
            if server.type(key) == "list":
                refuse(str(server.lrange(key, 0, -1)), f"the queue {key}")

"""Secrets that are planted, and every place where they are looked for afterwards."""

import base64
import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import redis
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.models import Cluster
from tests.conftest import signed_in
from tests.contract.operations import Operation, Target, operations
from tests.factories.kubeconfigs import READER, in_base64
from tests.fakes.upstream import Answer, Upstream

TOKENS = {
    name: f"canary-{name.replace('_', '-')}-c0ffee"
    for name in ("token", "prometheus_token", "tempo_token", "loki_token")
}
CLIENT_ID = "aiops-nextgen"
OIDC = {
    "client_secret": "canary+client/secret-c0ffee",
    "refresh_token": "canary-refresh-c0ffee",
}
# What an imported kubeconfig holds, as it is sent and as it is inside.
IMPORTED = {
    "imported token": "canary-imported-c0ffee",
    "client key": READER.key.splitlines()[1],
    "client certificate": READER.certificate.splitlines()[3],
    "client-key-data": in_base64(READER.key)[60:120],
    "client-certificate-data": in_base64(READER.certificate)[200:260],
}
# As an identity provider is shown it, and thrown back by one that quotes what it was sent.
BASIC = base64.b64encode(f"{CLIENT_ID}:{quote_plus(OIDC['client_secret'])}".encode()).decode()
ALL = TOKENS | OIDC | IMPORTED | {"basic": BASIC, "quoted": quote_plus(OIDC["client_secret"])}
# Where a token is asked for is no secret, and shown again to be corrected.
PLAIN = re.compile(r"_url$|^csrf")
# Who is signed in is sent on, leaves by a form alone, and completes what he names.
NO_PAGES = {
    "/admin/login/": 302,
    "/admin/logout/": 405,
    "/admin/autocomplete/": 403,
    # There is one row, and the list leads to it.
    "/admin/observability/gpupricing/": 302,
}
NOT_BY_HAND = re.compile(
    r"/admin/\w+/(?:(?:alert|alertpath|apitoken|auditevent|gpu\w+|healthcheck|notification)/add|"
    r"(?:alert|alertpath|auditevent|gpu\w+|healthcheck|indicator|notification)/[^/]+/delete)/"
)
SECRET_BOX = re.compile(r'<(?:input|textarea)[^>]*?name="([^"]*(?:token|secret|kubeconfig)[^"]*)"')


def refuse(text: str, where: str, **more: str) -> None:
    found = [name for name, canary in (ALL | more).items() if canary in text]
    assert not found, f"{found} in {where}"


class Echo(dict[str, Answer]):
    """The answers of an upstream that knows what it was sent and says it, whatever is asked."""

    def __init__(self, upstream: Upstream, status: int) -> None:
        super().__init__()
        self.upstream, self.status = upstream, status
        self.said: set[str] = set()

    def get(self, path: str, default: Any = None) -> Answer:
        request = self.upstream.requests[-1]
        shown = request.headers.get("authorization", "").partition(" ")[2]
        self.said.add(shown)
        self.upstream.headers = {"X-Echo": shown, "WWW-Authenticate": f'Bearer error="{shown}"'}
        words = f"you sent {shown} and {request.body}"
        body = {"status": "error", "errorType": "execution", "error": words, "warnings": [words]}
        return self.status, body | {"message": words, "reason": words, "error_description": words}


@contextmanager
def listening() -> Iterator[io.StringIO]:
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


def crawl_the_api(cluster: Cluster, people: dict[str, User | None], **more: str) -> None:
    """Read all there is to read, as each of `people`."""
    target = Target(str(cluster.pk), cluster.name)
    for name, user in people.items():
        api = signed_in(user) if user else APIClient()
        for operation in operations():
            if operation.method == "GET":
                response = operation.call(api, target)
                seen = f"{response.headers}{response.getvalue().decode()}"
                refuse(seen, f"{operation} as {name}", **more)
                _is_due(response, operation, name, cluster)
        for path in ("/api/schema", "/api/docs", "/ready", "/health"):
            response = api.get(path)
            refuse(response.content.decode(), path, **more)
            assert response.status_code == 200, path
        assert api.get("/api/v1/nowhere").status_code == 404
        rows = api.get("/api/v1/clusters/export?format=json")
        refuse(rows.content.decode(), "the export", **more)
        assert rows.status_code == (200 if user else 401)


def _is_due(response: Any, operation: Operation, name: str, cluster: Cluster) -> None:
    """The superuser sees everything, but for what a Prometheus knows that refuses us."""
    status = response.status_code
    asks = operation.path.startswith("/api/v1/metrics/") and cluster.prometheus_url
    if asks and name not in {"anonymous", "stranger"}:
        failed = (status, response.json()["error"]["code"])
        assert failed in {(422, "QUERY_NOT_EXECUTABLE"), (502, "CLUSTER_UNREACHABLE")}, operation
    else:
        due = {200} if name == "superuser" else {200, 401, 403, 404}
        assert status in due, f"{operation} as {name}"


def crawl_the_admin(user: User, below: str = "/admin/", **more: str) -> set[str]:
    """Read every page of the admin, and send back its forms with canaries in their boxes."""
    client = Client()
    client.force_login(user)
    shown = set()
    for page in (one for one in admin_pages() if one.startswith(below)):
        response = client.get(page)
        text = response.getvalue().decode()
        refuse(f"{response.headers}{text}", page, **more)
        if response.status_code == 200:
            shown.add(page)
        # A role of ours opens no page of the admin: that takes permissions of Django's.
        due = _due_to_a_superuser(page) if user.is_superuser else {302, 403, 404}
        assert response.status_code in due, page
        boxes = [name for name in SECRET_BOX.findall(text) if not PLAIN.search(name)]
        if boxes:
            again = client.post(page, dict.fromkeys(boxes, TOKENS["token"]) | {"do": "try"})
            refuse(again.content.decode(), f"{page}, sent back", **more)
    return shown


def _due_to_a_superuser(page: str) -> set[int]:
    if page in NO_PAGES:
        return {NO_PAGES[page]}
    if NOT_BY_HAND.match(page):
        return {403}
    # The address of an object leads to the page of its change.
    is_object = re.fullmatch(r"/admin/\w+/\w+/(\d+|[0-9a-f-]{36})/", page)
    return {302} if is_object else {200}


def admin_pages() -> list[str]:
    """Return the address of each page there can be, of every model with one of its objects."""
    found = []
    for route in _routes(admin.site.urls[0], "/admin/"):
        for page in _filled(route):
            assert "<" not in page, f"{page} takes something that nobody here knows of"
            found.append(page)
    assert len(found) > 40
    return found


def _routes(entries: Any, before: str) -> Iterator[str]:
    for entry in entries:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route


def _filled(route: str) -> list[str]:
    if "(?P<url>" in route or "content_type_id" in route:
        return []  # What catches the rest, and what leads to pages of the client's.
    if "(?P<app_label>" in route:
        labels = {model._meta.app_label for model in admin.site._registry}
        return [f"/admin/{label}/" for label in sorted(labels)]
    key = re.search(r"<(?:path:object_id|id)>", route)
    if key is None:
        return [route]
    label, name = route.removeprefix("/admin/").split("/")[:2]
    model = next(one for one in admin.site._registry if one._meta.label_lower == f"{label}.{name}")
    one = model._default_manager.first()
    assert one is not None or not model.__module__.startswith("apps."), f"no {model} to look at"
    return [route.replace(key[0], str(one.pk))] if one else []


def search_every_row(**more: str) -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            refuse("\n".join(row[0] for row in cursor.fetchall()), f"table {table}", **more)


def search_redis(**more: str) -> None:
    """Events, queues, caches and sessions: whatever a key holds, as it is stored."""
    address = settings.EVENTS_REDIS_URL.rpartition("/")[0]
    for number in range(4):
        with redis.Redis.from_url(f"{address}/{number}") as server:
            if number == 0:
                entries = server.xrange("aiops:events")
                assert entries
                refuse(str(entries), "the event log", **more)
            for key in server.scan_iter():
                refuse(str(_value(server, key)), f"the key {key!r}", **more)


def _value(server: Any, key: bytes) -> Any:
    match server.type(key):
        case b"list":
            return server.lrange(key, 0, -1)
        case b"set":
            return server.smembers(key)
        case b"zset":
            return server.zrange(key, 0, -1)
        case b"hash":
            return server.hgetall(key)
        case b"stream":
            return server.xrange(key)
    return server.get(key)

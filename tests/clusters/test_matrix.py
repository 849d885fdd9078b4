"""Who may do what to which cluster: every role, every operation of the schema, every cluster.

It is written from the OpenAPI document, in which each operation says what role it takes. A new one
is in it by itself.
"""

import json
from typing import Any, get_args

import pytest
from django.urls import get_resolver, resolve
from django.urls.resolvers import URLPattern, URLResolver
from rest_framework.test import APIClient

from apps.accounts.models import AuditEvent, User
from apps.clusters.api.access import RequiredRole
from apps.clusters.models import Cluster
from apps.clusters.models.grant import RANK, Rights, Role
from tests.conftest import signed_in
from tests.contract.operations import EXAMPLE_INDICATOR, UNSAFE, Operation, Target, operations
from tests.factories import grant, make_cluster, make_user

pytestmark = pytest.mark.django_db

# What the API has besides the operations: the document of them, and its two readers.
DOCUMENTATION = {"api/schema", "api/docs", "api/redoc"}
# What those are told who may, of what the example says and of clusters with nothing behind them.
LET_IN = {
    ("POST /api/v1/clusters", "CLUSTER_ALREADY_EXISTS"),
    ("PUT /api/v1/clusters/{id}", "CLUSTER_ALREADY_EXISTS"),
    ("POST /api/v1/clusters/{id}/credentials", "CREDENTIALS_INVALID"),
    ("POST /api/v1/clusters/{id}/credentials/rotate", "CREDENTIALS_INVALID"),
    ("POST /api/v1/clusters/{id}/credentials/validate", "CREDENTIALS_NOT_FOUND"),
    ("POST /api/v1/clusters/import", "CREDENTIALS_INVALID"),
    *(
        (f"{method} /api/v1/alerts/silences/{{cluster_id}}/{{id}}", "ALERTMANAGER_NOT_AVAILABLE")
        for method in ("PUT", "DELETE")
    ),
    ("GET /api/v1/gpu/nodes/{cluster_id}/{node_name}", "NO_GPU_NODES"),
    ("GET /api/v1/gpu/nodes/{cluster_id}/{node_name}/history", "NO_GPU_NODES"),
    ("GET /api/v1/alerts/{fingerprint}", "NOT_FOUND"),
    ("GET /api/v1/alerts/{id}/comments", "NOT_FOUND"),
    ("POST /api/v1/alerts/{id}/acknowledge", "NOT_FOUND"),
    ("DELETE /api/v1/alerts/{id}/acknowledge", "NOT_FOUND"),
    ("PUT /api/v1/alerts/{id}/assignee", "NOT_FOUND"),
    ("POST /api/v1/alerts/{id}/comments", "NOT_FOUND"),
    ("POST /api/v1/clusters/{id}/test-alert", "ALERTMANAGER_NOT_AVAILABLE"),
    ("POST /api/v1/metrics/query", "CLUSTER_UNREACHABLE"),
    ("POST /api/v1/metrics/query_range", "CLUSTER_UNREACHABLE"),
    ("POST /api/v1/saved-queries", "SAVED_QUERY_ALREADY_EXISTS"),
    *((f"{method} /api/v1/saved-queries/{{id}}", "NOT_FOUND") for method in ("GET", *UNSAFE)),
    ("POST /api/v1/alerts/receivers", "NAME_ALREADY_EXISTS"),
    ("POST /api/v1/alerts/routes", "VALIDATION_FAILED"),
    *(
        (f"{method} /api/v1/alerts/{noun}/{{id}}", "NOT_FOUND")
        for noun in ("receivers", "routes", "notifications")
        for method in ("GET", *UNSAFE)
    ),
    *(
        (f"POST /api/v1/alerts/{noun}", "NOT_FOUND")
        for noun in (
            "receivers/{id}/test",
            "receivers/{id}/signing-secret",
            "notifications/{id}/redeliver",
        )
    ),
}
ABSENT = Target("00000000-0000-4000-8000-000000000000", "no-such-cluster")
PEOPLE = (
    "superuser",
    "admin of all",
    "admin of red",
    "operator of red",
    "viewer of red",
    "viewer of red within shop",
    "operator of red within shop",
    "viewer of blue",
    "nobody",
    "anonymous",
)


def make(person: str) -> User | None:
    if person == "anonymous":
        return None
    user = make_user("someone", is_superuser=person == "superuser")
    role, of, where = person.partition(" of ")
    where, _, namespace = where.partition(" within ")
    if where == "all":
        grant(user, Role.ADMIN, everywhere=True)
    elif of:
        within = [namespace] if namespace else []
        grant(user, Role[role.upper()], label_selector={"team": where}, namespaces=within)
    return user


def expected(operation: Operation, user: User | None, cluster: Cluster | None) -> str:
    """Return what a request comes to: the code of its refusal, or nothing."""
    if user is None or operation.role == "WEBHOOK_TOKEN":
        return "NOT_AUTHENTICATED"
    rights = Rights.of(user)
    if operation.role == "SIGNED_IN":
        return ""
    if operation.role == "ADMIN_OF_ALL":
        return "" if rights.may_register() else "PERMISSION_DENIED"
    held = rights.role_on(cluster) if cluster else None
    if held is None:
        return "CLUSTER_NOT_FOUND"
    return "" if RANK[held] >= RANK[Role[operation.role]] else "PERMISSION_DENIED"


def refusal(response: Any, operation: Operation) -> str:
    """Return the code where somebody was turned away, and nothing where he was let in."""
    if response.status_code < 300:
        return ""
    code = str(response.json()["error"]["code"])
    return "" if (str(operation), code) in LET_IN else code


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("operation", operations(), ids=str)
def test_a_role_opens_what_it_should_and_nothing_else(operation: Operation, person: str) -> None:
    clusters = [make_cluster(f"{team}-cluster", labels={"team": team}) for team in ("red", "blue")]
    user = make(person)
    api = signed_in(user) if user else APIClient()
    for cluster in clusters:
        due = expected(operation, user, cluster)
        noted = AuditEvent.objects.count()
        came = refusal(operation.call(api, Target(str(cluster.pk), cluster.name)), operation)
        if due != "CLUSTER_NOT_FOUND" and operation.names_clusters_in_its_body:
            assert came in {due, "CLUSTER_NOT_FOUND"}
        else:
            assert came == due, cluster.name
        if due:
            assert AuditEvent.objects.count() == noted
            assert Cluster.objects.get(pk=cluster.pk).generation == 1


@pytest.mark.parametrize(
    "operation",
    [one for one in operations() if one.is_about_a_cluster or one.names_clusters_in_its_body],
    ids=str,
)
@pytest.mark.parametrize(
    "person", ["admin of red", "viewer of red", "viewer of red within shop", "nobody"]
)
def test_a_hidden_cluster_looks_like_one_that_never_was(operation: Operation, person: str) -> None:
    make_cluster("red-cluster", labels={"team": "red"})
    hidden = make_cluster("blue-cluster", labels={"team": "blue"}, token="t0k3n")
    user = make(person)
    assert user
    api = signed_in(user)
    for body in operation.bodies or ("",):
        target = Target(str(hidden.pk), hidden.name)
        looks = [told(operation.call(api, one, body), one) for one in (target, ABSENT)]
        assert looks[0] == looks[1]


def told(response: Any, target: Target) -> tuple[int, dict[str, str], str]:
    """Return all of an answer that could tell one cluster from another."""
    text = response.content.decode().replace(target.id, "ID").replace(target.name, "NAME")
    answer = json.loads(text)
    for name in ("trace_id", "timestamp"):
        answer.get("error", {}).pop(name, None)
    for name in list(answer):
        if name.endswith("_ms"):
            del answer[name]
    headers = {name: value for name, value in response.items() if name != "X-Request-ID"}
    headers.pop("Content-Length", None)
    return response.status_code, headers, json.dumps(answer)


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_an_operation_says_what_role_it_takes_and_shows_what_to_send(operation: Operation) -> None:
    assert operation.role in get_args(RequiredRole)
    assert bool(operation.bodies) == operation.takes_body
    in_its_path = operation.role in {"VIEWER", "OPERATOR", "ADMIN"}
    assert in_its_path == operation.is_about_a_cluster


def test_every_address_of_the_api_is_in_the_schema() -> None:
    described = {
        resolve(
            one.path.replace("{id}", ABSENT.id)
            .replace("{cluster_id}", ABSENT.id)
            .replace("{name}", ABSENT.name)
            .replace("{indicator}", EXAMPLE_INDICATOR)
            .replace("{fingerprint}", ABSENT.id)
        ).route
        for one in operations()
    }
    there = {path for path in addresses(get_resolver()) if path.startswith("api/")}
    assert there - described == DOCUMENTATION


def addresses(resolver: URLResolver, before: str = "") -> set[str]:
    found: set[str] = set()
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLPattern):
            found.add(path)
        else:
            found |= addresses(entry, path)
    return found


@pytest.mark.parametrize(
    "operation",
    [one for one in operations() if one.method in UNSAFE and one.role != "WEBHOOK_TOKEN"],
    ids=str,
)
def test_a_session_without_a_csrf_token_changes_nothing(operation: Operation, admin: User) -> None:
    cluster = make_cluster("red-cluster")
    api = APIClient(enforce_csrf_checks=True)
    api.force_login(admin)
    noted = AuditEvent.objects.count()
    response = operation.call(api, Target(str(cluster.pk), cluster.name))
    assert response.status_code == 403
    assert AuditEvent.objects.count() == noted

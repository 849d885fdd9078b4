"""The reviews of the asker at the wire: as the official client reads them, and as they refuse."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from kubernetes import client as kubernetes

from apps.simulator import kube_api
from apps.simulator.certificates import Certificates
from apps.simulator.kube import resources
from apps.simulator.kube.refusals import USER
from apps.simulator.kube.roles import BASIC, READER, Role, Rule
from apps.simulator.world import Cluster
from tests.simulator.conftest import TOKEN, Reader

Start = Callable[[str], Awaitable[Reader]]
AUTHORIZATION = "/apis/authorization.k8s.io/v1"
RULES = f"{AUTHORIZATION}/selfsubjectrulesreviews"
ACCESS = f"{AUTHORIZATION}/selfsubjectaccessreviews"
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
OTHERS = {
    "nothing": Role(()),
    "some": Role(
        (
            *BASIC,
            Rule(("get", "list"), ("",), ("pods",)),
            Rule(("list",), ("",), ("services",), namespace="default"),
            Rule(("*",), ("apps",), ("*",)),
        )
    ),
    "unlisted": Role(READER.rules, listed=False),
}


@pytest.fixture
async def reader(
    worlds: dict[str, Cluster], certified: Certificates, reader_of: Start
) -> AsyncIterator[Reader]:
    """The hub's API, where other tokens may do more or less than the reader's."""
    borrowed = await reader_of("hub-frankfurt")
    async with AsyncExitStack() as stack:
        config = kube_api.Config(
            worlds["hub-frankfurt"], TOKEN, certified, clock=borrowed.clock, others=OTHERS
        )
        api = await stack.enter_async_context(kube_api.serve(config))
        yield Reader(api, borrowed.session, borrowed.clock)


def body(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "apiVersion": "authorization.k8s.io/v1", "spec": spec}


async def review(
    reader: Reader, path: str, spec: dict[str, Any], token: str = TOKEN
) -> tuple[int, Any]:
    kind = {RULES: "SelfSubjectRulesReview", ACCESS: "SelfSubjectAccessReview"}[path]
    headers = {"Authorization": f"Bearer {token}"}
    return await reader.ask("POST", path, json=body(kind, spec), headers=headers)


async def allowed(reader: Reader, token: str, **attributes: str) -> bool:
    status, answer = await review(reader, ACCESS, {"resourceAttributes": attributes}, token)
    assert status == 201
    return bool(answer["status"]["allowed"])


async def test_the_rules_are_listed_as_the_real_server_lists_them(reader: Reader) -> None:
    status, answer = await review(reader, RULES, {"namespace": "default"}, "some")
    assert status == 201
    assert (answer["kind"], answer["apiVersion"], answer["spec"]) == (
        "SelfSubjectRulesReview",
        "authorization.k8s.io/v1",
        {},
    )
    said = answer["status"]
    assert said["incomplete"] is False
    assert {"verbs": ["list"], "apiGroups": [""], "resources": ["services"]} in said[
        "resourceRules"
    ]
    assert {
        "verbs": ["get", "head"],
        "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version"],
    } in said["nonResourceRules"]


async def test_a_role_of_a_namespace_is_listed_there_alone(reader: Reader) -> None:
    _, there = await review(reader, RULES, {"namespace": "aiops-system"})
    _, elsewhere = await review(reader, RULES, {"namespace": "no-such-namespace"})
    rule = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"]}
    assert rule in there["status"]["resourceRules"]
    assert rule not in elsewhere["status"]["resourceRules"]


async def test_a_webhook_decides_but_cannot_list(reader: Reader) -> None:
    _, answer = await review(reader, RULES, {"namespace": "default"}, "unlisted")
    assert answer["status"]["incomplete"] is True
    assert "webhook authorizer" in answer["status"]["evaluationError"]
    listed = [rule["resources"] for rule in answer["status"]["resourceRules"]]
    assert not any("pods" in names for names in listed)
    assert await allowed(reader, "unlisted", verb="list", resource="pods")


@pytest.mark.parametrize("token", [TOKEN, *OTHERS])
async def test_what_the_review_says_is_what_the_api_does(reader: Reader, token: str) -> None:
    """One table answers both, for every kind, in a namespace and in all."""
    headers = {"Authorization": f"Bearer {token}"}
    for kind in resources.served(reader.api.config.cluster):
        root = f"/apis/{kind.group}/v1" if kind.group else "/api/v1"
        for namespace in ["", "default", "aiops-system"] if kind.namespaced else [""]:
            folder = f"{root}/namespaces/{namespace}" if namespace else root
            status, _ = await reader.get(f"{folder}/{kind.plural}", headers=headers)
            if token == "nothing":
                assert status == 403
                continue
            says = await allowed(
                reader,
                token,
                verb="list",
                group=kind.group,
                resource=kind.plural,
                namespace=namespace,
            )
            assert (status == 200) is says, (kind.plural, namespace)
            assert status in {200, 403}


async def test_paths_and_subresources_are_reviewed_too(reader: Reader) -> None:
    for token, path, may in (
        ("some", "/readyz", True),
        ("some", "/apis/apps/v1", True),
        ("some", "/metrics", False),
    ):
        spec = {"nonResourceAttributes": {"verb": "get", "path": path}}
        _, answer = await review(reader, ACCESS, spec, token)
        assert answer["status"]["allowed"] is may, path
    asked = {"verb": "get", "resource": "pods", "subresource": "log"}
    assert not await allowed(reader, "some", **asked)
    scale = {"verb": "update", "group": "apps", "resource": "deployments", "subresource": "scale"}
    assert await allowed(reader, "some", **scale)


async def test_a_hidden_path_is_refused_in_the_words_of_rbac(reader: Reader) -> None:
    for path in ("/version", "/readyz", "/apis"):
        status, answer = await reader.get(path, headers={"Authorization": "Bearer nothing"})
        assert (status, answer["reason"]) == (403, "Forbidden")
        assert answer["message"] == f'forbidden: User "{USER}" cannot get path "{path}"'


@pytest.mark.parametrize(
    ("path", "sent", "status", "reason"),
    [
        (RULES, json.dumps(body("SelfSubjectRulesReview", {})), 400, "BadRequest"),
        (RULES, json.dumps(body("SelfSubjectAccessReview", {})), 400, "BadRequest"),
        (RULES, json.dumps(body("SelfSubjectRulesReview", {}) | {"spec": 1}), 400, "BadRequest"),
        (RULES, "{", 400, "BadRequest"),
        (ACCESS, json.dumps(body("SelfSubjectAccessReview", {})), 422, "Invalid"),
        (
            ACCESS,
            json.dumps(
                body(
                    "SelfSubjectAccessReview",
                    {"resourceAttributes": {}, "nonResourceAttributes": {}},
                )
            ),
            422,
            "Invalid",
        ),
    ],
)
async def test_an_unclear_question_is_refused(
    reader: Reader, path: str, sent: str, status: int, reason: str
) -> None:
    answered, answer = await reader.ask("POST", path, data=sent)
    assert (answered, answer["reason"]) == (status, reason)


async def test_a_review_is_asked_for_by_post_and_by_those_who_may(reader: Reader) -> None:
    assert (await reader.get(RULES))[0] == 405
    status, answer = await review(reader, RULES, {"namespace": "default"}, "nothing")
    assert status == 403
    assert 'cannot create resource "selfsubjectrulesreviews"' in answer["message"]
    assert (await review(reader, RULES, {"namespace": "default"}, "unknown"))[0] == 401


async def test_the_official_client_understands_all_three(reader: Reader) -> None:
    def read() -> tuple[Any, Any, Any]:
        settings = kubernetes.Configuration(host=reader.api.url)
        settings.ssl_ca_cert = str(reader.api.config.certificates.authority)
        settings.api_key = {"authorization": f"Bearer {TOKEN}"}
        about = {"api_version": "authorization.k8s.io/v1"}
        nodes = kubernetes.V1ResourceAttributes(verb="list", resource="nodes")
        with kubernetes.ApiClient(settings) as connection:
            authorization = kubernetes.AuthorizationV1Api(connection)
            rules = authorization.create_self_subject_rules_review(
                kubernetes.V1SelfSubjectRulesReview(
                    **about,
                    kind="SelfSubjectRulesReview",
                    spec=kubernetes.V1SelfSubjectRulesReviewSpec(namespace="default"),
                )
            )
            access = authorization.create_self_subject_access_review(
                kubernetes.V1SelfSubjectAccessReview(
                    **about,
                    kind="SelfSubjectAccessReview",
                    spec=kubernetes.V1SelfSubjectAccessReviewSpec(resource_attributes=nodes),
                )
            )
            asker = kubernetes.AuthenticationV1Api(connection).create_self_subject_review(
                kubernetes.V1SelfSubjectReview(
                    api_version="authentication.k8s.io/v1", kind="SelfSubjectReview"
                )
            )
        return rules.status, access.status, asker.status

    rules, access, asker = await asyncio.to_thread(read)
    assert (rules.incomplete, access.allowed, asker.user_info.username) == (False, True, USER)
    groups = {group for rule in rules.resource_rules for group in rule.api_groups}
    assert {"", "apps", "config.openshift.io"} <= groups

"""The reviews in which an API server tells the asker who it is and what it may do."""

import json
from typing import Any

from apps.simulator.kube import refusals
from apps.simulator.kube.metadata import Json
from apps.simulator.kube.roles import Asked, Role, Rule

KINDS = {
    ("authorization.k8s.io", "selfsubjectrulesreviews"): "SelfSubjectRulesReview",
    ("authorization.k8s.io", "selfsubjectaccessreviews"): "SelfSubjectAccessReview",
    ("authentication.k8s.io", "selfsubjectreviews"): "SelfSubjectReview",
}
BLIND = "webhook authorizer does not support user rule resolution"
BOUND = 'RBAC: allowed by ClusterRoleBinding "aiops-reader" of ClusterRole "aiops-reader"'


def asked(path: str) -> tuple[str, str] | None:
    """Return API group and resource where a path is that of a review."""
    match path.strip("/").split("/"):
        case ["apis", group, "v1", plural] if (group, plural) in KINDS:
            return group, plural
    return None


def answer(of: tuple[str, str], method: str, body: bytes, role: Role) -> Json:
    group, plural = of
    if method != "POST":
        raise refusals.not_allowed()
    if not role.allows(Asked("create", group, plural)):
        raise refusals.forbidden_review(group, plural)
    kind, version = KINDS[of], f"{group}/v1"
    said = read(body, kind, version)
    return {"kind": kind, "apiVersion": version, "metadata": {}, **review(kind, said, role)}


def read(body: bytes, kind: str, version: str) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or (said.get("kind"), said.get("apiVersion")) != (kind, version):
        message = f"the object provided is unrecognized (must be of type {kind})"
        raise refusals.bad_request(message)
    spec = said.get("spec", {})
    if not isinstance(spec, dict):
        message = f"{kind} in version v1 cannot be handled: cannot unmarshal its spec"
        raise refusals.bad_request(message)
    return spec


def review(kind: str, spec: dict[str, Any], role: Role) -> Json:
    match kind:
        case "SelfSubjectRulesReview":
            # The real one repeats no spec, and does not ask whether the namespace is there.
            return {"spec": {}, "status": rules(spec.get("namespace") or "", role)}
        case "SelfSubjectAccessReview":
            allowed = role.allows(wish(spec))
            return {"spec": spec, "status": {"allowed": allowed} | because(allowed=allowed)}
    return {"status": {"userInfo": whoever()}}


def rules(namespace: str, role: Role) -> Json:
    if not namespace:
        message = "no namespace on request"
        raise refusals.bad_request(message)
    told = role.rules_in(namespace)
    status: Json = {
        "resourceRules": [resource_rule(rule) for rule in told if not rule.paths],
        "nonResourceRules": [
            {"verbs": [*rule.verbs], "nonResourceURLs": [*rule.paths]}
            for rule in told
            if rule.paths
        ],
        "incomplete": not role.listed,
    }
    return status if role.listed else {**status, "evaluationError": BLIND}


def resource_rule(rule: Rule) -> Json:
    said: Json = {
        "verbs": [*rule.verbs],
        "apiGroups": [*rule.groups],
        "resources": [*rule.resources],
    }
    return {**said, "resourceNames": [*rule.names]} if rule.names else said


def wish(spec: dict[str, Any]) -> Asked:
    match spec:
        case {"resourceAttributes": dict(of), "nonResourceAttributes": _}:
            raise refusals.invalid_review("cannot be specified together")
        case {"resourceAttributes": dict(of)}:
            resource, subresource = of.get("resource", ""), of.get("subresource", "")
            return Asked(
                of.get("verb", ""),
                of.get("group", ""),
                f"{resource}/{subresource}" if subresource else resource,
                of.get("namespace", ""),
                of.get("name", ""),
            )
        case {"nonResourceAttributes": dict(of)}:
            return Asked(of.get("verb", ""), path=of.get("path", ""))
    raise refusals.invalid_review("exactly one of them must be specified")


def because(*, allowed: bool) -> Json:
    return {"reason": BOUND} if allowed else {}


def whoever() -> Json:
    namespace = refusals.USER.split(":")[2]
    return {
        "username": refusals.USER,
        "uid": "7f4f7a0e-8a57-4f0c-9a52-0c0f5bdb8c11",
        "groups": [
            "system:serviceaccounts",
            f"system:serviceaccounts:{namespace}",
            "system:authenticated",
        ],
    }

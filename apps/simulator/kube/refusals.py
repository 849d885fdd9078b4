"""The Status objects with which the API server refuses."""

from apps.simulator.kube.metadata import Json
from apps.simulator.kube.resources import Resource

USER = "system:serviceaccount:aiops-system:aiops-reader"


class Refusal(Exception):
    """Raised by whatever finds a reason to refuse; answered once, by the server."""

    def __init__(self, code: int, reason: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.status = status(code, reason, message, **details)


def status(code: int, reason: str, message: str, **details: object) -> Json:
    body: Json = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    if details:
        body["details"] = details
    return body


def unauthorized() -> Refusal:
    return Refusal(401, "Unauthorized", "Unauthorized")


def forbidden(
    verb: str, resource: Resource, namespace: str | None, name: str | None, user: str = USER
) -> Refusal:
    """Say it in the words of RBAC, which people paste into search boxes."""
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    subject = f'{resource.plural} "{name}"' if name else resource.plural
    qualified = f'resource "{resource.plural}" in API group "{resource.group}"'
    message = f'{subject} is forbidden: User "{user}" cannot {verb} {qualified} {where}'
    details = {"name": name} if name else {}
    return Refusal(403, "Forbidden", message, **details, kind=resource.plural)


def forbidden_exec(verb: str, namespace: str, pod: str) -> Refusal:
    message = (
        f'pods "{pod}" is forbidden: User "{USER}" cannot {verb} resource "pods/exec" in API '
        f'group "" in the namespace "{namespace}"'
    )
    return Refusal(403, "Forbidden", message, name=pod, kind="pods")


def forbidden_path(verb: str, path: str) -> Refusal:
    return Refusal(403, "Forbidden", f'forbidden: User "{USER}" cannot {verb} path "{path}"')


def forbidden_review(group: str, plural: str) -> Refusal:
    qualified = f'resource "{plural}" in API group "{group}" at the cluster scope'
    message = f'{plural}.{group} is forbidden: User "{USER}" cannot create {qualified}'
    return Refusal(403, "Forbidden", message, group=group, kind=plural)


def invalid_review(why: str) -> Refusal:
    message = (
        'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: '
        f"spec.resourceAttributes and spec.nonResourceAttributes: {why}"
    )
    return Refusal(422, "Invalid", message, kind="SelfSubjectAccessReview")


def missing(resource: Resource, name: str) -> Refusal:
    group = f".{resource.group}" if resource.group else ""
    message = f'{resource.plural}{group} "{name}" not found'
    return Refusal(404, "NotFound", message, name=name, kind=resource.plural)


def missing_pod(name: str) -> Refusal:
    return Refusal(404, "NotFound", f'pods "{name}" not found', name=name, kind="pods")


def silent_node(ip: str) -> Refusal:
    message = f"error dialing backend: dial tcp {ip}:10250: i/o timeout"
    return Refusal(500, "InternalError", message)


def taken(resource: Resource, name: str) -> Refusal:
    message = f'{resource.plural} "{name}" already exists'
    return Refusal(409, "AlreadyExists", message, name=name, kind=resource.plural)


def conflict(resource: Resource, name: str) -> Refusal:
    message = (
        f'Operation cannot be fulfilled on {resource.plural} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again"
    )
    return Refusal(409, "Conflict", message, name=name, kind=resource.plural)


def invalid(resource: Resource, name: str, why: str) -> Refusal:
    message = f'{resource.kind} "{name}" is invalid: {why}'
    return Refusal(422, "Invalid", message, name=name, kind=resource.kind)


def nothing_here() -> Refusal:
    message = "the server could not find the requested resource"
    return Refusal(404, "NotFound", message)


def not_allowed() -> Refusal:
    message = "the server does not allow this method on the requested resource"
    return Refusal(405, "MethodNotAllowed", message)


def bad_request(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def expired(fresh: str) -> Refusal:
    refusal = Refusal(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. "
        "You can start a new list without the continue parameter, or use the continue token in "
        "this response to retrieve the remainder of the results. Continuing with the provided "
        "token results in an inconsistent list - objects that were created, modified, or deleted "
        "between the time the first chunk was returned and now may show up in the list.",
    )
    refusal.status["metadata"] = {"continue": fresh}
    return refusal

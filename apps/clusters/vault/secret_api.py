"""Secrets of the platform's own namespace at the wire: read, create, replace, delete, list.

The body of a refusal is never quoted: it may repeat what was sent, which is a credential.
"""

import base64
import binascii
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import orjson
from django.conf import settings

from apps.http import MIB, Call, Reply, Stage, Unreachable, Upstream, ask

SECONDS = 5.0
PAGE_SIZE = 250
# A Secret has at most 1 MiB, of which ours need some thousand bytes.
PAGE_CAP = 32 * MIB
ONE_CAP = 4 * MIB
MOST_PAGES = 400
# No change reached the server if the call did not come further than this.
BEFORE_SENDING = {Stage.DNS, Stage.TCP, Stage.TLS}


S = TypeVar("S")


class Away(Exception):
    """The API did not do what we asked. `unsure`: it may have, and its answer was lost.

    `silent`: it did not answer at all, so whoever asks next would wait as long.
    """

    def __init__(self, reason: str, *, unsure: bool = False, silent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unsure = unsure
        self.silent = silent

    def surely(self) -> "Away":
        """Return the same of a change of which it is known that nothing came."""
        return Away(self.reason, silent=self.silent)


class Unclear(Away):
    """What the API answered cannot be understood, which may be so of this one Secret alone."""


class Moved(Exception):
    """Somebody else changed, created or deleted the Secret since it was read."""


class _About(msgspec.Struct):
    name: str
    uid: str
    version: str = msgspec.field(name="resourceVersion")
    labels: dict[str, str] | None = None


class _Shape(msgspec.Struct):
    metadata: _About
    data: dict[str, str] | None = None


class _More(msgspec.Struct):
    follow: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct):
    items: list[dict[str, Any]] | None
    metadata: _More = msgspec.field(default_factory=_More)


@dataclass(frozen=True, slots=True)
class Held:
    """A Secret as it was read; `whole` goes back with whatever else is in it."""

    name: str
    uid: str
    version: str
    data: dict[str, str] = field(repr=False)
    whole: dict[str, Any] = field(repr=False)

    def text(self, key: str) -> str | None:
        """Return one text of it, or None if there is none, or none that we wrote."""
        try:
            return base64.b64decode(self.data[key], validate=True).decode()
        except (KeyError, binascii.Error, UnicodeDecodeError):
            return None


@dataclass(frozen=True, slots=True)
class Namespace:
    """Where the Secrets are, and what opens it there."""

    name: str
    api: Upstream

    @classmethod
    def of_settings(cls) -> "Namespace":
        """Read token and CA anew: the pod's are replaced every hour."""
        found = settings.CREDENTIAL_KUBERNETES
        if not found:
            raise Away(
                "It is in a Kubernetes Secret, and nothing says where. "
                "Set CREDENTIAL_KUBERNETES_URL and CREDENTIAL_KUBERNETES_NAMESPACE."
            )
        token = _content(found["token_file"])
        ca_bundle = _content(found["ca_file"]) if found["ca_file"] else ""
        return cls(found["namespace"], Upstream(found["url"], ca_bundle, token, kind="vault"))

    def path(self, name: str = "") -> str:
        return f"/api/v1/namespaces/{self.name}/secrets{f'/{name}' if name else ''}"


async def read(namespace: Namespace, name: str) -> Held | None:
    reply = await _ask(namespace, Call(namespace.path(name), deadline=SECONDS, cap=ONE_CAP))
    if reply.status == 404 and _decoded(reply.body).get("kind") == "Status":
        # Said by an API server, and not by whatever else may answer at a wrong address.
        return None
    if reply.status != 200:
        raise _refusal(namespace, "get", reply.status)
    return _held(_decoded(reply.body))


async def create(namespace: Namespace, whole: dict[str, Any]) -> None:
    """Raise Moved if there is one of this name already."""
    call = Call(namespace.path(), json=orjson.dumps(whole), deadline=SECONDS)
    await _write(namespace, "create", call)


async def replace(namespace: Namespace, whole: dict[str, Any]) -> None:
    """Replace the version that `whole` was read as; raise Moved if there is another one now."""
    path, body = namespace.path(whole["metadata"]["name"]), orjson.dumps(whole)
    call = Call(path, json=body, method="PUT", deadline=SECONDS)
    await _write(namespace, "update", call)


async def delete(namespace: Namespace, held: Held) -> None:
    """Delete exactly what was read; raise Moved if it is another one now, or none."""
    condition = {"preconditions": {"uid": held.uid, "resourceVersion": held.version}}
    body = orjson.dumps({"kind": "DeleteOptions", "apiVersion": "v1", **condition})
    call = Call(namespace.path(held.name), json=body, method="DELETE", deadline=SECONDS)
    reply = await _ask(namespace, call)
    if reply.status in {404, 409}:
        raise Moved
    if reply.status not in {200, 202}:
        raise _refusal(namespace, "delete", reply.status)


async def pages(namespace: Namespace, labels: dict[str, str]) -> AsyncIterator[list[Held]]:
    """Yield all Secrets with these labels, page by page."""
    params = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}
    params["limit"] = str(PAGE_SIZE)
    for _ in range(MOST_PAGES):
        call = Call(namespace.path(), params, deadline=SECONDS, cap=PAGE_CAP)
        reply = await _ask(namespace, call)
        if reply.status != 200:
            raise _refusal(namespace, "list", reply.status)
        page = _as(_Page, _decoded(reply.body))
        yield [_held(item) for item in page.items or ()]
        if not page.metadata.follow:
            return
        params["continue"] = page.metadata.follow
    raise Away(f"There are more than {MOST_PAGES * PAGE_SIZE:,} Secrets of ours.")


async def _write(namespace: Namespace, verb: str, call: Call) -> None:
    reply = await _ask(namespace, call)
    if reply.status == 409 or (reply.status == 404 and verb == "update"):
        raise Moved
    if reply.status not in {200, 201}:
        raise _refusal(namespace, verb, reply.status)
    try:
        _held(_decoded(reply.body))
    except Away as away:
        raise Away(away.reason, unsure=True) from None


async def _ask(namespace: Namespace, call: Call) -> Reply:
    try:
        return await ask(namespace.api, call)
    except Unreachable as failure:
        raise Away(
            f"The Kubernetes API that keeps our credentials cannot be reached: {failure.reason}.",
            unsure=failure.stage not in BEFORE_SENDING,
            silent=True,
        ) from None


def _refusal(namespace: Namespace, verb: str, status: int) -> Away:
    match status:
        case 401:
            said = (
                "refuses our own token (401). Look at the platform's service account, or at "
                "CREDENTIAL_KUBERNETES_TOKEN_FILE."
            )
        case 403:
            said = (
                f"does not let us {verb} Secrets in the namespace {namespace.name} (403). Grant "
                "the platform's service account get, list, create, update and delete on them."
            )
        case 404:
            said = (
                f"knows no namespace {namespace.name} (404). Create it, or set "
                "CREDENTIAL_KUBERNETES_NAMESPACE."
            )
        case 413 | 422:
            said = f"does not take this Secret ({status}). It is too large, or was made immutable."
        case _:
            said = f"answers {status} when asked to {verb} a Secret. Try again soon."
    return Away(f"The Kubernetes API that keeps our credentials {said}", unsure=status >= 500)


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Away(
            f"{path} cannot be read, and our credentials' store is not opened without it."
        ) from None


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unintelligible() from None


def _as(shape: type[S], found: dict[str, Any]) -> S:
    try:
        return msgspec.convert(found, shape)
    except msgspec.ValidationError:
        raise _unintelligible() from None


def _held(whole: dict[str, Any]) -> Held:
    shape = _as(_Shape, whole)
    about = shape.metadata
    return Held(about.name, about.uid, about.version, shape.data or {}, whole)


def _unintelligible() -> Unclear:
    return Unclear(
        "What the Kubernetes API that keeps our credentials answers cannot be understood. "
        "Is CREDENTIAL_KUBERNETES_URL an API server?"
    )

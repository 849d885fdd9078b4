"""The Secrets of the platform's own namespace, which its service account may change.

They behave as those of a real API server do: versions that must fit, names that are taken, data
that must be base64. Mishaps are what a test has happen to the next change.
"""

import base64
import binascii
import hmac
import json
import re
import uuid
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from aiohttp import web

from apps.simulator.faults import Incidents
from apps.simulator.kube import listing, refusals, resources
from apps.simulator.kube.metadata import Json, Moment, stamp, version_at
from apps.simulator.kube.resources import Resource
from apps.simulator.world import Cluster

NAMESPACE = "aiops-nextgen"
USER = f"system:serviceaccount:{NAMESPACE}:aiops-nextgen"
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}\Z")
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete"}
CHANGES = {"POST", "PUT", "DELETE"}


class Mishap(Enum):
    """What happens to one change of a Secret."""

    RIVAL = auto()  # Somebody else changes it, or creates it, a moment earlier.
    DELETED = auto()  # Somebody else deletes it a moment earlier.
    FAILS = auto()  # The server answers 500 and has done nothing.
    FAILS_LATE = auto()  # The server answers 504 and has done it.
    CUT = auto()  # It is done, and the connection breaks before the answer.


class Safe:
    """The Secrets of one namespace. Whoever shows `token` may read and change them alone."""

    def __init__(self, cluster: Cluster, token: str, clock: Callable[[], float]) -> None:
        self.cluster = cluster
        self.token = token
        self.clock = clock
        self.secrets: dict[str, Json] = {}
        self.mishaps: deque[Mishap] = deque()
        self.version = 0
        self.asked: list[str] = []
        found = resources.find(cluster, "", "v1", "secrets")
        assert found is not None  # noqa: S101  # every cluster has them
        self.resource: Resource = found

    def is_shown(self, request: web.BaseRequest) -> bool:
        """Whether this request comes from the platform's service account."""
        given = request.headers.get("Authorization", "")
        return bool(self.token) and hmac.compare_digest(
            given.encode(), f"Bearer {self.token}".encode()
        )

    async def answer(self, request: web.BaseRequest, incidents: Incidents) -> tuple[int, Json]:
        self.asked.append(f"{request.method} {request.rel_url.path}")
        namespace, name = self._place(request)
        moment = Moment(self.cluster, incidents, self.clock())
        if request.method not in CHANGES:
            return 200, self._read(request, namespace, name, moment)
        body = await _body(request)
        mishap = self.mishaps.popleft() if self.mishaps else None
        self._befall(mishap, name or str(_about(body).get("name", "")))
        done = self._change(request.method, name, body)
        if mishap is Mishap.FAILS_LATE:
            raise refusals.Refusal(504, "Timeout", "request did not complete within 0s")
        if mishap is Mishap.CUT and request.transport is not None:
            request.transport.abort()
        return done

    def put(self, name: str, **changes: object) -> Json:
        """Change a Secret as somebody else would, who has every right."""
        old = self.secrets.get(name, {"metadata": {"name": name}, "type": "Opaque", "data": {}})
        return self._keep(name, {**old, **changes}, old)

    def _place(self, request: web.BaseRequest) -> tuple[str | None, str | None]:
        namespace: str | None = None
        name: str | None = None
        match request.rel_url.path.strip("/").split("/"):
            case ["api", "v1", "namespaces", found, "secrets"]:
                namespace = found
            case ["api", "v1", "namespaces", found, "secrets", called]:
                namespace, name = found, called
            case ["api", "v1", "secrets"]:
                pass
            case _:
                raise refusals.nothing_here()
        verb = VERBS.get(request.method)
        if verb is None:
            raise refusals.not_allowed()
        if namespace != NAMESPACE:
            verb = "list" if verb == "get" and name is None else verb
            raise refusals.forbidden(verb, self.resource, namespace, name, USER)
        return namespace, name

    def _read(
        self, request: web.BaseRequest, namespace: str | None, name: str | None, moment: Moment
    ) -> Json:
        if name is None:
            chosen = listing.select(self.resource, list(self.secrets.values()), request.query)
            return listing.page(self.resource, chosen, request.query, moment)
        return self._whole(self._existing(name))

    def _befall(self, mishap: Mishap | None, name: str) -> None:
        match mishap:
            case Mishap.RIVAL:
                theirs = {"theirs": base64.b64encode(b"of somebody else").decode()}
                self.put(name, data={**self.secrets.get(name, {}).get("data", {}), **theirs})
            case Mishap.DELETED:
                self.secrets.pop(name, None)
            case Mishap.FAILS:
                raise refusals.Refusal(500, "InternalError", "Internal error occurred: etcd")

    def _change(self, method: str, name: str | None, body: Json) -> tuple[int, Json]:
        if method == "POST":
            if name is not None:
                raise refusals.not_allowed()
            return 201, self._create(body)
        if name is None:
            raise refusals.not_allowed()
        return 200, self._update(name, body) if method == "PUT" else self._delete(name, body)

    def _create(self, body: Json) -> Json:
        name = str(_about(body).get("name", ""))
        if not NAME.match(name):
            raise refusals.invalid(self.resource, name, "metadata.name: Required value")
        if name in self.secrets:
            raise refusals.taken(self.resource, name)
        self._check(name, body)
        return self._whole(self._keep(name, body, {}))

    def _update(self, name: str, body: Json) -> Json:
        about = _about(body)
        if about.get("name") != name:
            said = f"the name of the object ({about.get('name')}) does not match the name on the "
            raise refusals.bad_request(f"{said}URL ({name})")
        old = self._existing(name)
        known = old["metadata"]
        if about.get("resourceVersion", known["resourceVersion"]) != known["resourceVersion"]:
            raise refusals.conflict(self.resource, name)
        if about.get("uid", known["uid"]) != known["uid"]:
            raise refusals.conflict(self.resource, name)
        self._check(name, body)
        if old.get("immutable") and body.get("data") != old.get("data"):
            why = "data: Forbidden: field is immutable when `immutable` is set"
            raise refusals.invalid(self.resource, name, why)
        return self._whole(self._keep(name, body, old))

    def _delete(self, name: str, body: Json) -> Json:
        known = self._existing(name)["metadata"]
        wanted = body.get("preconditions") or {}
        if any(known[field] != value for field, value in wanted.items()):
            raise refusals.conflict(self.resource, name)
        del self.secrets[name]
        details = {"name": name, "kind": "secrets", "uid": known["uid"]}
        success: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}}
        return {**success, "status": "Success", "details": details}

    def _existing(self, name: str) -> Json:
        if name not in self.secrets:
            raise refusals.missing(self.resource, name)
        return self.secrets[name]

    def _check(self, name: str, body: Json) -> None:
        about, data = _about(body), body.get("data") or {}
        if about.get("namespace", NAMESPACE) != NAMESPACE:
            raise refusals.bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        if not all(KEY.match(key) for key in data):
            why = "data: a valid config key must consist of alphanumeric characters, '-', '_' or"
            raise refusals.invalid(self.resource, name, why)
        for value in data.values():
            _check_encoding(value)

    def _keep(self, name: str, body: Json, old: Json) -> Json:
        now = self.clock()
        self.version = max(self.version + 1, version_at(self.cluster, now))
        born = old.get("metadata", {})
        about = {
            **_about(body),
            "name": name,
            "namespace": NAMESPACE,
            "uid": born.get("uid") or str(uuid.uuid4()),
            "creationTimestamp": born.get("creationTimestamp") or stamp(now),
            "resourceVersion": str(self.version),
        }
        rest: Json = {key: body[key] for key in ("data", "immutable") if key in body}
        kept: Json = {"metadata": about, "type": body.get("type") or "Opaque", **rest}
        self.secrets[name] = kept
        return kept

    def _whole(self, secret: Json) -> Json:
        return {"kind": "Secret", "apiVersion": "v1", **secret}


def _about(body: Json) -> Json:
    about = body.get("metadata")
    return about if isinstance(about, dict) else {}


async def _body(request: web.BaseRequest) -> Json:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise refusals.bad_request("couldn't get version/kind; json parse error") from None
    if not isinstance(body, dict):
        raise refusals.bad_request("couldn't get version/kind; json parse error")
    return body


def _check_encoding(value: object) -> None:
    try:
        base64.b64decode(str(value), validate=True)
    except binascii.Error:
        what = 'Secret in version "v1" cannot be handled as a Secret: '
        raise refusals.bad_request(f"{what}illegal base64 data at input byte 0") from None

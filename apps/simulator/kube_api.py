"""A Kubernetes API over TLS: signs in, authorises as a reader role does, routes, answers."""

import asyncio
import contextlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from aiohttp import web

from apps.simulator import tokens
from apps.simulator.certificates import Certificates
from apps.simulator.doors import HOST, Door
from apps.simulator.faults import Incidents
from apps.simulator.kube import execution, listing, refusals, resources, reviews
from apps.simulator.kube.metadata import Json, Moment
from apps.simulator.kube.resources import Resource
from apps.simulator.kube.roles import READER, Asked, Role
from apps.simulator.kube.secrets import Safe
from apps.simulator.world import Cluster

CHECKS = (
    "ping",
    "log",
    "etcd",
    "poststarthook/start-apiserver-admission-initializer",
    "informer-sync",
)
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Config:
    """Whose API this is and who may read it. Port 0 takes any free one.

    `token` is that of the reader; `others` may do more or less than it.
    `keeper_token` opens the Secrets of the platform's own namespace, and nothing else.
    """

    cluster: Cluster
    token: str
    certificates: Certificates
    port: int = 0
    clock: Callable[[], float] = time.time
    others: Mapping[str, Role] = field(default_factory=dict)
    keeper_token: str = ""


class KubeApi:
    """One cluster's API server."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.incidents = Incidents()
        # How often commands were run, by the protocol that was agreed upon.
        self.protocols: Counter[str] = Counter()
        # How often lists were asked for, by what of.
        self.lists: Counter[str] = Counter()
        self.changed = asyncio.Event()
        self.safe = Safe(config.cluster, config.keeper_token, config.clock)
        self.door = Door(self.answer, config.port, config.certificates.server_context())

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.door.port}"

    def suffer(self, incidents: Incidents) -> None:
        """Take note of what happens to the cluster now, and wake the requests that wait for it."""
        self.incidents = incidents
        self.changed.set()
        self.changed = asyncio.Event()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        while self.incidents.active("api-slow", self.config.clock()):
            await self.changed.wait()
        try:
            if self.safe.is_shown(request):
                code, body = await self.safe.answer(request, self.incidents)
                return as_json(body, code)
            role = self.sign_in(request)
            if review := reviews.asked(request.rel_url.path):
                spec = await request.read()
                return as_json(reviews.answer(review, request.method, spec, role), 201)
            if command := execution.asked(request):
                protocol = execution.agree(request, command, self.moment(), role)
                self.protocols[protocol] += 1
                return await execution.answer(request, command, self.moment(), protocol)
            return self.route(request, role)
        except refusals.Refusal as refusal:
            return as_json(refusal.status, refusal.code)

    def moment(self) -> Moment:
        return Moment(self.config.cluster, self.incidents, self.config.clock())

    def sign_in(self, request: web.BaseRequest) -> Role:
        given = request.headers.get("Authorization", "")
        for token, role in {**self.config.others, self.config.token: READER}.items():
            if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                return role
        if tokens.is_good(self.config.token, given.removeprefix("Bearer "), self.config.clock()):
            return READER
        raise refusals.unauthorized()

    def route(self, request: web.BaseRequest, role: Role) -> web.Response:
        parts = [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]
        if parts[0] in ("api", "apis"):
            return self.api(request, parts, role)
        if request.method not in ("GET", "HEAD"):
            raise refusals.not_allowed()
        match parts:
            case ["version"]:
                permit_path(role, request)
                return as_json(version(self.config.cluster))
            case ["livez" | "readyz" | "healthz"]:
                permit_path(role, request)
                return health(parts[0], verbose="verbose" in request.query)
        raise refusals.nothing_here()

    def api(self, request: web.BaseRequest, parts: list[str], role: Role) -> web.Response:
        found = resources.discovery(self.config.cluster, parts)
        if found is not None:
            if request.method not in ("GET", "HEAD"):
                raise refusals.not_allowed()
            permit_path(role, request)
            return as_json(found)
        group, version, rest = ("", *split(parts[1:])) if parts[0] == "api" else grouped(parts)
        namespace, plural, name, more = scope(rest)
        resource = resources.find(self.config.cluster, group, version, plural)
        if resource is None:
            raise refusals.nothing_here()
        verb = verb_of(request, name)
        subresource = "/".join([resource.plural, *more])
        asked = Asked(verb, resource.group, subresource, namespace or "", name or "")
        if not role.allows(asked):
            whole = "/".join([name, *more]) if name and more else name
            raise refusals.forbidden(verb, resource, namespace, whole)
        return as_json(self.read(request, resource, namespace, name))

    def read(
        self, request: web.BaseRequest, resource: Resource, namespace: str | None, name: str | None
    ) -> Json:
        moment = self.moment()
        items = [
            item
            for item in resource.objects(moment)
            if namespace is None or item["metadata"].get("namespace") == namespace
        ]
        if name is None:
            self.lists[resource.plural] += 1
            chosen = listing.select(resource, items, request.query)
            return listing.page(resource, chosen, request.query, moment)
        for item in items:
            if item["metadata"]["name"] == name:
                return {"kind": resource.kind, "apiVersion": resource.api_version, **item}
        raise refusals.missing(resource, name)


def split(parts: list[str]) -> tuple[str, list[str]]:
    return parts[0], parts[1:]


def grouped(parts: list[str]) -> tuple[str, str, list[str]]:
    if len(parts) < 3:
        raise refusals.nothing_here()
    return parts[1], parts[2], parts[3:]


def scope(rest: list[str]) -> tuple[str | None, str, str | None, list[str]]:
    """Take a path apart: namespace, resource, name, and what stands behind the name."""
    match rest:
        case ["namespaces", namespace, plural, *name]:
            return namespace, plural, name[0] if name else None, name[1:]
        case [plural, *name]:
            return None, plural, name[0] if name else None, name[1:]
    raise refusals.nothing_here()


def verb_of(request: web.BaseRequest, name: str | None) -> str:
    if request.method in ("GET", "HEAD"):
        if request.query.get("watch", "") in ("1", "true"):
            return "watch"
        return "list" if name is None else "get"
    if request.method not in VERBS:
        raise refusals.not_allowed()
    return VERBS[request.method]


def permit_path(role: Role, request: web.BaseRequest) -> None:
    verb, path = request.method.lower(), request.rel_url.path.rstrip("/")
    if not role.allows(Asked(verb, path=path)):
        raise refusals.forbidden_path(verb, path)


def version(cluster: Cluster) -> Json:
    _, minor, _ = cluster.version.split(".")
    return {
        "major": "1",
        "minor": minor,
        "gitVersion": cluster.version,
        "gitCommit": "9b1c2d7f7d5b0e7b8a0f3c4b5d6e7f8091a2b3c4",
        "gitTreeState": "clean",
        "buildDate": "2025-10-08T12:00:00Z",
        "goVersion": "go1.24.6",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def health(name: str, *, verbose: bool) -> web.Response:
    if not verbose:
        return web.Response(text="ok")
    lines = [*(f"[+]{check} ok" for check in CHECKS), f"{name} check passed", ""]
    return web.Response(text="\n".join(lines))


def as_json(body: Json, code: int = 200) -> web.Response:
    text = json.dumps(body, separators=(",", ":"))
    headers = {"Cache-Control": "no-cache, private"}
    return web.Response(text=text, status=code, content_type="application/json", headers=headers)


@contextlib.asynccontextmanager
async def serve(config: Config) -> AsyncIterator[KubeApi]:
    """Run one API server until the block ends: `async with serve(config) as api: api.url`."""
    api = KubeApi(config)
    await api.door.open()
    try:
        yield api
    finally:
        await api.door.shut()

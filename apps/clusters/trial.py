"""Tries what a credential opens: every part at once, within one deadline; nothing is stored."""

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec
from pydantic import BaseModel, Field

from apps.clusters import remedies
from apps.clusters.connection import Connection
from apps.clusters.contract_permissions import PermissionsView, describe_permissions
from apps.clusters.kube.listing import Unread
from apps.clusters.kube.reviews import ACCESS_REVIEWS, access_review, who_am_i
from apps.clusters.kube.rights import Right
from apps.clusters.permissions import review
from apps.clusters.probe import NAMES, QUESTIONS
from apps.http import MIB, Call, Reply, Unreachable, Upstream, ask

# Whoever is signed in may ask it of any API server, and nobody else may.
QUESTION = msgspec.json.encode(access_review(Right("get", path="/readyz")))
NOBODY = "system:anonymous"

WORST_FIRST = ("INVALID", "UNKNOWN", "UNREACHABLE", "VALID")
StepStatus = Literal["VALID", "INVALID", "UNREACHABLE", "UNKNOWN", "NOT_CONFIGURED"]


class Step(BaseModel):
    """UNKNOWN: it was not asked, or what it answered says nothing about the credential."""

    status: StepStatus
    message: str
    remedy: str


class SignIn(Step):
    username: str | None = Field(description="As whom the API server knows it.")


class Validation(BaseModel):
    """What each part of the cluster says to the credential. Rights are read where it signs in."""

    identity_provider: Step
    api_server: SignIn
    prometheus: Step
    alertmanager: Step
    tempo: Step
    loki: Step
    permissions: PermissionsView | None
    permissions_problem: str = Field(description="Why permissions are null.")

    def step(self, part: str) -> Step:
        step: Step = getattr(self, part)
        return step

    @property
    def valid(self) -> bool:
        steps = [self.identity_provider, *(self.step(part) for part in NAMES)]
        return self.api_server.status == "VALID" and not any(
            step.status == "INVALID" for step in steps
        )


NOT_CONFIGURED = Step(status="NOT_CONFIGURED", message="", remedy="")
UNASKED = Step(status="UNKNOWN", message="It was not asked.", remedy="")
UNTOLD = "Only an API server that takes the credential can tell."


def untried(message: str, remedy: str, identity_provider: Step = NOT_CONFIGURED) -> Validation:
    """Say that nothing of the cluster was asked, and why."""
    return Validation(
        identity_provider=identity_provider,
        api_server=SignIn(status="UNKNOWN", message=message, remedy=remedy, username=None),
        permissions=None,
        permissions_problem=UNTOLD,
        **dict.fromkeys(NAMES, UNASKED),
    )


async def try_out(
    connection: Connection, platform: str, seconds: float, identity_provider: Step = NOT_CONFIGURED
) -> Validation:
    """Ask everything that is configured at once, for at most `seconds`."""
    if connection.problem:
        return untried(connection.problem, remedies.CREDENTIAL, identity_provider)
    api_server, prometheus = connection.api_server, connection.parts.get("prometheus")
    shared = prometheus is not None and prometheus.token == api_server.token != ""
    parts = asyncio.gather(
        *(_ask_servers(part, connection.servers_of(part), seconds) for part in connection.parts)
    )
    sign_in, name, report, steps = await asyncio.gather(
        _sign_in(api_server, seconds),
        who_am_i(api_server, seconds),
        review(api_server, seconds, platform, for_monitoring=shared),
        parts,
    )
    found = dict(zip(connection.parts, steps, strict=True))
    validation = Validation(
        identity_provider=identity_provider,
        api_server=_named(sign_in, name if isinstance(name, str) else None),
        permissions=None,
        permissions_problem="",
        **{part: found.get(part, NOT_CONFIGURED) for part in NAMES},
    )
    if validation.api_server.status != "VALID":
        validation.permissions_problem = UNTOLD
    elif isinstance(report, Unread):
        validation.permissions_problem = api_server.quote(report.reason)
    else:
        validation.permissions = describe_permissions(report)
    return validation


async def _sign_in(upstream: Upstream, seconds: float) -> Step:
    place = f"The API server at {upstream.address}"
    call = Call(ACCESS_REVIEWS, json=QUESTION, deadline=seconds, cap=MIB)
    try:
        reply = await ask(upstream, call)
    except Unreachable as failure:
        return _unreached(place, failure)
    if reply.status in {401, 403}:
        shown = upstream.token or upstream.client_key
        said = "refuses the credential" if shown else "takes a credential, and got none"
        message = f"{place} {said} ({reply.status})."
        return Step(status="INVALID", message=message, remedy=remedies.TOKEN)
    if reply.status in {200, 201} and _is_json(reply, "status"):
        return Step(status="VALID", message=f"{place} takes the credential.", remedy="")
    message = f"{place} answers {reply.status}, which says nothing about the credential."
    return Step(status="UNKNOWN", message=message, remedy=remedies.NOT_KUBERNETES)


def _named(step: Step, username: str | None) -> SignIn:
    if step.status == "VALID" and username == NOBODY:
        message = "The API server does not know the credential: it takes us for anybody."
        return SignIn(status="INVALID", message=message, remedy=remedies.TOKEN, username=username)
    return SignIn(**step.model_dump(), username=username if step.status == "VALID" else None)


async def _ask_servers(part: str, servers: Sequence[Upstream], seconds: float) -> Step:
    """Try all that hold the same; of several answers the worst is told, as it is to be mended."""
    steps = await asyncio.gather(*(_ask_part(part, one, seconds) for one in servers))
    return min(steps, key=lambda step: WORST_FIRST.index(step.status))


async def _ask_part(part: str, upstream: Upstream, seconds: float) -> Step:
    place = f"{NAMES[part]} at {upstream.address}"
    path, params = QUESTIONS[part]
    try:
        reply = await ask(upstream, Call(path, params, deadline=seconds, cap=4 * MIB))
    except Unreachable as failure:
        return _unreached(place, failure)
    if reply.status in {401, 403}:
        said = "refuses its token" if upstream.token else "takes a token, and got none"
        remedy = remedies.of_refused_token(part)
        message = f"{place} {said} ({reply.status})."
        return Step(status="INVALID", message=message, remedy=remedy)
    if reply.status == 200 and _is_json(reply):
        said = "takes its token" if upstream.token else "answers without a token"
        return Step(status="VALID", message=f"{place} {said}.", remedy="")
    message = f"{place} answers {reply.status}, which says nothing about its token."
    return Step(status="UNKNOWN", message=message, remedy=remedies.SERVICE)


def _unreached(place: str, failure: Unreachable) -> Step:
    return Step(
        status="UNREACHABLE",
        message=f"{place} does not answer: {failure.reason}.",
        remedy=remedies.of_no_answer(failure),
    )


def _is_json(reply: Reply, member: str = "") -> bool:
    try:
        said = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return not member or member in said

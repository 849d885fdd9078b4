"""Asks one cluster how it is: its API server and every configured part, all at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from apps.clusters import remedies
from apps.clusters.connection import Connection
from apps.clusters.health import API_SERVER, Reading
from apps.clusters.models.cluster import FailureStage
from apps.http import MIB, Call, Reply, Unreachable, Upstream, ask

NAMES = {
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
    "tempo": "Tempo",
    "loki": "Loki",
}
# OpenShift's routes expose /api alone, so each part is asked a real question, not /-/ready.
QUESTIONS = {
    "prometheus": ("/api/v1/query", {"query": "vector(1)"}),
    "alertmanager": ("/api/v2/status", {}),
    "tempo": ("/api/search", {"limit": "1"}),
    "loki": ("/loki/api/v1/labels", {}),
}


async def probe(connection: Connection, timeout: float) -> list[Reading]:  # noqa: ASYNC109
    """Return one reading per configured part, the API server's first, within `timeout` seconds."""
    if connection.problem:
        # With the credential out of reach we can ask nothing, and so we know nothing.
        unasked = [Reading(part, healthy=None) for part in connection.parts]
        return [locked(connection.problem), *unasked]
    return list(
        await asyncio.gather(
            _ask_api_server(connection, timeout),
            *(
                _ask_servers(part, connection.servers_of(part), timeout)
                for part in connection.parts
            ),
        )
    )


def locked(problem: str) -> Reading:
    return Reading(
        API_SERVER,
        healthy=None,
        problem=problem,
        stage=FailureStage.CREDENTIAL,
        remedy=remedies.CREDENTIAL,
    )


async def _ask_api_server(connection: Connection, deadline: float) -> Reading:
    upstream = connection.api_server
    place = f"The API server at {upstream.address}"
    try:
        reply = await ask(upstream, Call("/readyz", deadline=deadline, cap=MIB))
    except Unreachable as failure:
        return Reading(
            API_SERVER,
            healthy=False,
            problem=f"{place} does not answer: {failure.reason}.",
            stage=remedies.stage_of(failure),
            remedy=remedies.of_no_answer(failure),
        )
    # 403: the server is up and knows us, its owner only hides /readyz from this role.
    if reply.status in {200, 403}:
        said, stage, remedy = "", None, ""
    else:
        said, stage, remedy = _judge_api_answer(upstream, reply)
    return Reading(
        API_SERVER,
        healthy=not said,
        latency_ms=reply.elapsed_ms,
        problem=said and f"{place} {said}.",
        stage=stage,
        remedy=remedy,
        certificate_expires_at=reply.certificate_expires_at,
    )


def _judge_api_answer(upstream: Upstream, reply: Reply) -> tuple[str, FailureStage, str]:
    if reply.status == 401:
        return "refuses our token (401)", FailureStage.AUTH, remedies.TOKEN
    if reply.status == 500:
        lines = reply.body.decode(errors="replace").split("\n")
        failing = upstream.quote("; ".join(line for line in lines if "[-]" in line), 200)
        said = f"is not ready: {failing or 'it answers 500'}"
        return said, FailureStage.API, remedies.PODS
    return f"answers {reply.status} to /readyz", FailureStage.API, remedies.NOT_KUBERNETES


async def _ask_servers(part: str, servers: Sequence[Upstream], deadline: float) -> Reading:
    """Ask all that hold the same; one that answers is enough, and those that do not are named."""
    if len(servers) == 1:
        # Most have one, and need no task for it alone.
        return await _ask_part(part, servers[0], deadline)
    readings = await asyncio.gather(*(_ask_part(part, one, deadline) for one in servers))
    up = [reading for reading in readings if reading.healthy]
    down = [reading for reading in readings if not reading.healthy]
    problem = " ".join(reading.problem for reading in down)
    if not up:
        return replace(down[0], problem=problem)
    if down:
        problem = f"{problem} {len(up)} of {len(servers)} servers of {NAMES[part]} answer."
    return replace(up[0], problem=problem)


async def _ask_part(part: str, upstream: Upstream, deadline: float) -> Reading:
    place = f"{NAMES[part]} at {upstream.address}"
    stage = remedies.PART_STAGE[part]
    path, params = QUESTIONS[part]
    try:
        reply = await ask(upstream, Call(path, params, deadline=deadline, cap=4 * MIB))
    except Unreachable as failure:
        problem = f"{place} does not answer: {failure.reason}."
        remedy = remedies.of_no_answer(failure)
        return Reading(part, False, problem=problem, stage=stage, remedy=remedy)
    said, remedy = _judge_part_answer(part, reply)
    if not said:
        return Reading(part, healthy=True, latency_ms=reply.elapsed_ms)
    return Reading(part, False, reply.elapsed_ms, f"{place} {said}.", stage, remedy)


def _judge_part_answer(part: str, reply: Reply) -> tuple[str, str]:
    """Return what is wrong with the answer of a part and what to do about it, or nothing."""
    if reply.status in {401, 403}:
        return f"refuses our token ({reply.status})", remedies.of_refused_token(part)
    if reply.status != 200:
        return f"answers {reply.status}", remedies.ROUTE
    try:
        answer = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "answers something that is not JSON", remedies.SERVICE
    if part == "prometheus" and bytes(answer.get("status", b"")) != b'"success"':
        return "does not answer the query vector(1)", remedies.LOGS
    return "", ""

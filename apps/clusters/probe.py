"""Asks one cluster how it is: its API server and every configured part, all at once."""

import asyncio

import msgspec

from apps.clusters.connection import Connection
from apps.clusters.health import API_SERVER, Reading
from apps.http import MIB, Call, Reply, Stage, Unreachable, Upstream, ask

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
REMEDIES = {
    Stage.DNS: "Check the address or this host's DNS.",
    Stage.TCP: "Check that it runs, and the firewall between.",
    Stage.TLS: "Store the CA bundle that signed its certificate.",
    Stage.TIMEOUT: "Check its load and the network between.",
    Stage.PROTOCOL: "Check that the address is the right service.",
    Stage.SIZE: "Check that the address is the right service.",
}


async def probe(connection: Connection, timeout: float) -> list[Reading]:  # noqa: ASYNC109
    """Return one reading per configured part, the API server's first, within `timeout` seconds."""
    if connection.problem:
        unasked = [Reading(part, healthy=False) for part in connection.parts]
        return [Reading(API_SERVER, healthy=False, problem=connection.problem), *unasked]
    return list(
        await asyncio.gather(
            _ask_api_server(connection, timeout),
            *(_ask_part(part, upstream, timeout) for part, upstream in connection.parts.items()),
        )
    )


async def _ask_api_server(connection: Connection, deadline: float) -> Reading:
    upstream = connection.api_server
    place = f"The API server at {upstream.address}"
    try:
        reply = await ask(upstream, Call("/readyz", deadline=deadline, cap=MIB))
    except Unreachable as failure:
        problem = f"{place} does not answer: {failure.reason}. {_remedy(failure.stage)}"
        return Reading(API_SERVER, healthy=False, problem=problem)
    return Reading(API_SERVER, *_judge_api_answer(upstream, reply, place))


def _judge_api_answer(upstream: Upstream, reply: Reply, place: str) -> tuple[bool, int, str]:
    # 403: the server is up and knows us, its owner only hides /readyz from this role.
    if reply.status in {200, 403}:
        return True, reply.elapsed_ms, ""
    if reply.status == 401:
        said = "refuses our token (401). Store a valid credential."
    elif reply.status == 500:
        lines = reply.body.decode(errors="replace").split("\n")
        failing = upstream.quote("; ".join(line for line in lines if "[-]" in line), 200)
        said = f"is not ready: {failing or 'it answers 500'}. Check its pods."
    else:
        said = f"answers {reply.status} to /readyz. Check that this is a Kubernetes API server."
    return False, reply.elapsed_ms, f"{place} {said}"


async def _ask_part(part: str, upstream: Upstream, deadline: float) -> Reading:
    place = f"{NAMES[part]} at {upstream.address}"
    path, params = QUESTIONS[part]
    try:
        reply = await ask(upstream, Call(path, params, deadline=deadline, cap=4 * MIB))
    except Unreachable as failure:
        problem = f"{place} does not answer: {failure.reason}. {_remedy(failure.stage)}"
        return Reading(part, healthy=False, problem=problem)
    said = _judge_part_answer(part, reply)
    return Reading(part, not said, reply.elapsed_ms, f"{place} {said}" if said else "")


def _judge_part_answer(part: str, reply: Reply) -> str:
    """Return what is wrong with the answer of a part, or nothing."""
    if reply.status in {401, 403}:
        return f"refuses our token ({reply.status}). Store a valid {part} token."
    if reply.status != 200:
        return f"answers {reply.status}. Check its pods and its route."
    try:
        answer = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "answers something that is not JSON. Check that the address is the right service."
    if part == "prometheus" and bytes(answer.get("status", b"")) != b'"success"':
        return "does not answer the query vector(1). Check its logs."
    return ""


def _remedy(stage: Stage) -> str:
    return REMEDIES[stage]

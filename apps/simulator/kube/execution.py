"""Commands in pods, over a WebSocket as the API server has it: v4 and v5 of its channels."""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from aiohttp import web

from apps.simulator.faults import Incidents
from apps.simulator.kube import programs, refusals
from apps.simulator.kube.metadata import Json, Moment
from apps.simulator.kube.nodes import lost_since
from apps.simulator.kube.programs import NotStarted, Printed
from apps.simulator.kube.roles import Asked, Role
from apps.simulator.world import Cluster, Pod

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
STDOUT, STDERR, ERROR = 1, 2, 3
# From which minor version on an API server speaks the newer one, and asks for `create` besides.
V5_SINCE, CREATE_SINCE = 30, 35
# Output comes in whatever pieces the kubelet read.
LONGEST_PIECE = 30_000
HANGS, CUT, MISSING = "exec-hangs", "exec-cut", "nvidia-smi-missing"


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked for: `words` in a container of a pod."""

    namespace: str
    pod: str
    container: str
    words: tuple[str, ...]


def asked(request: web.BaseRequest) -> Command | None:
    """Return the command that the request is for, None where it is for none."""
    parts = [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]
    match parts:
        case ["api", "v1", "namespaces", namespace, "pods", pod, "exec"]:
            query = request.query
            words = tuple(query.getall("command", ()))
            return Command(namespace, pod, query.get("container", ""), words)
    return None


def agree(request: web.BaseRequest, command: Command, moment: Moment, role: Role) -> str:
    """Return the protocol to speak, or refuse to."""
    permit(request, command, moment.cluster, role)
    find(command, moment)
    return agreed(request, moment.cluster)


async def answer(
    request: web.BaseRequest, command: Command, moment: Moment, protocol: str
) -> web.StreamResponse:
    """Run the command until it ends, or whoever asked has gone."""
    socket = web.WebSocketResponse(protocols=(protocol,), autoping=True)
    await socket.prepare(request)
    await run(socket, request, command, (find(command, moment), moment))
    await socket.close()
    return socket


def minor(cluster: Cluster) -> int:
    return int(cluster.version.split(".")[1])


def permit(request: web.BaseRequest, command: Command, cluster: Cluster, role: Role) -> None:
    """A WebSocket begins with a GET, and is a `get` to RBAC; newer servers look twice."""
    verbs = {"GET": ["get"], "POST": ["create"]}.get(request.method)
    if verbs is None:
        raise refusals.not_allowed()
    if minor(cluster) >= CREATE_SINCE and "create" not in verbs:
        verbs.append("create")
    for verb in verbs:
        if not role.allows(Asked(verb, "", "pods/exec", command.namespace, command.pod)):
            raise refusals.forbidden_exec(verb, command.namespace, command.pod)


def find(command: Command, moment: Moment) -> Pod:
    pods = {(pod.namespace, pod.name): pod for pod in moment.cluster.pods}
    pod = pods.get((command.namespace, command.pod))
    if pod is None:
        raise refusals.missing_pod(command.pod)
    names = [container.name for container in pod.containers]
    if command.container not in names:
        raise refusals.bad_request(
            f"container {command.container} is not valid for pod {command.pod}"
        )
    node = next(node for node in moment.cluster.nodes if node.name == pod.node)
    if lost_since(moment, node) is not None:
        raise refusals.silent_node(node.ip)
    return pod


def agreed(request: web.BaseRequest, cluster: Cluster) -> str:
    if request.headers.get("Upgrade", "").lower() != "websocket" or request.method != "GET":
        raise refusals.bad_request("Upgrade request required")
    ours = (V5, V4) if minor(cluster) >= V5_SINCE else (V4,)
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    for one in (each.strip() for each in offered):
        if one in ours:
            return one
    raise refusals.bad_request("unable to upgrade: no protocol in common")


async def run(
    socket: web.WebSocketResponse,
    request: web.BaseRequest,
    command: Command,
    where: tuple[Pod, Moment],
) -> None:
    pod, moment = where
    for channel in (STDOUT, STDERR, ERROR):
        await socket.send_bytes(bytes([channel]))
    if is_on(moment.incidents, HANGS, moment.now):
        await asyncio.Event().wait()
    ended = programs.start(command.words, command.container, pod, moment)
    if isinstance(ended, NotStarted):
        await socket.send_bytes(bytes([ERROR]) + encoded(not_started(ended)))
        return
    pieces = list(in_pieces(ended, random.Random(repr(command))))
    if is_on(moment.incidents, CUT, moment.now):
        for channel, piece in pieces[: len(pieces) // 2]:
            await socket.send_bytes(bytes([channel]) + piece)
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the node left")
    for channel, piece in pieces:
        await socket.send_bytes(bytes([channel]) + piece)
    await socket.send_bytes(bytes([ERROR]) + encoded(ending(ended.code)))


def is_on(incidents: Incidents, fault: str, now: float) -> bool:
    return incidents.active(fault, now) is not None


def in_pieces(printed: Printed, chance: random.Random) -> Iterator[tuple[int, bytes]]:
    """Cut both outputs in pieces of odd lengths, an empty one now and then."""
    for channel, text in ((STDERR, printed.stderr), (STDOUT, printed.stdout)):
        at = 0
        while at < len(text):
            end = at + chance.choice((0, 1, 7, 511, chance.randrange(1, LONGEST_PIECE)))
            yield channel, text[at:end]
            at = end


def encoded(status: Json) -> bytes:
    return json.dumps(status, separators=(",", ":")).encode() + b"\n"


def ending(code: int) -> Json:
    if not code:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def not_started(why: NotStarted) -> Json:
    message = f"error executing command in container: {why.message}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {message}",
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }

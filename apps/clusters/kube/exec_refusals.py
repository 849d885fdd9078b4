"""Why a command could not be run in a pod, by what the API server, kubelet and runtime say: pure.

The same reason comes on two ways: as an answer that opens no WebSocket, or over the opened one,
where the server translates between it and the node.
"""

import re
from enum import StrEnum

from apps.clusters.kube.workloads import Place


class Obstacle(StrEnum):
    """What kept a command from being run to its end."""

    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    NO_POD = "NO_POD"
    NO_CONTAINER = "NO_CONTAINER"
    NOT_RUNNING = "NOT_RUNNING"
    NO_COMMAND = "NO_COMMAND"
    NODE_SILENT = "NODE_SILENT"
    UNREACHABLE = "UNREACHABLE"
    CUT_OFF = "CUT_OFF"
    TIMED_OUT = "TIMED_OUT"
    TOO_MUCH = "TOO_MUCH"
    REFUSED = "REFUSED"


_VERB = re.compile(r'cannot (?P<verb>get|create) resource "pods/exec"')
# What is said, in lower case, by what it means; the first that is found counts.
_KNOWN = (
    # With the command's name in the middle of it or before, by runc and crun.
    ("not found in $path", Obstacle.NO_COMMAND),
    ("no such file or directory", Obstacle.NO_COMMAND),
    ("permission denied: unknown", Obstacle.NO_COMMAND),
    ("is not valid for pod", Obstacle.NO_CONTAINER),
    ("container not found", Obstacle.NOT_RUNNING),
    ("container is not created or running", Obstacle.NOT_RUNNING),
    ("in a completed pod", Obstacle.NOT_RUNNING),
    ("in a stopped", Obstacle.NOT_RUNNING),
    ("does not have a host assigned", Obstacle.NOT_RUNNING),
    ("error dialing backend", Obstacle.NODE_SILENT),
    ("unable to upgrade connection: eof", Obstacle.NODE_SILENT),
)
_MEANING = {
    Obstacle.NO_COMMAND: "The command is not in container {container}, or cannot be started",
    Obstacle.NO_CONTAINER: "There is no container {container}",
    Obstacle.NOT_RUNNING: "Container {container} does not run",
    Obstacle.NODE_SILENT: "The node of pod {pod} does not answer the API server",
}


def explain(status: int, said: str, pod: Place, container: str) -> tuple[Obstacle, str]:
    """Return what an answer means that opened no WebSocket; `said` is fit for a page."""
    match status:
        case 401:
            why = "The API server refuses our token (401), so that no command could be run."
            return Obstacle.UNAUTHORIZED, why
        case 403:
            return Obstacle.FORBIDDEN, _right_wanting(said, pod)
    known = _known(said, pod, container)
    if known is not None:
        return known
    if status == 404:
        return Obstacle.NO_POD, f"There is no pod {pod} (404)."
    why = f"The API server answers {status} to a command for container {container}"
    return Obstacle.REFUSED, _with(why, said)


def explain_failure(said: str, what: str, pod: Place, container: str) -> tuple[Obstacle, str]:
    """Return what it means that a command did not begin, although a WebSocket was opened."""
    known = _known(said, pod, container)
    return known or (Obstacle.REFUSED, _with(f"{what} could not be run", said))


def _known(said: str, pod: Place, container: str) -> tuple[Obstacle, str] | None:
    for fragment, obstacle in _KNOWN:
        if fragment in said.lower():
            why = _MEANING[obstacle].format(pod=pod, container=container)
            return obstacle, _with(why, said)
    return None


def _right_wanting(said: str, pod: Place) -> str:
    """Name the right. A WebSocket begins as a GET, so that `get` is asked for, and since 1.35
    `create` besides."""
    verb = _VERB.search(said)
    if verb is None and "pods/exec" not in said:
        return _with(f"Running commands in namespace {pod.namespace} is refused (403)", said)
    which = f'"{verb["verb"]}" on ' if verb else ""
    return (
        f"Our token may not run commands in namespace {pod.namespace} (403): it lacks {which}"
        'pods/exec. The role needs "get" and "create" on pods/exec there.'
    )


def _with(why: str, said: str) -> str:
    said = " ".join(said.split())
    return f'{why}: "{said}".' if said else f"{why}."

"""Runs a command in a container of a pod, over the WebSocket of the Kubernetes API.

No shell is between: the words are handed to the container's runtime as they are. What does not
run is a value with its reason, as what cannot be read.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from apps.clusters.kube import exec_refusals
from apps.clusters.kube.exec_refusals import Obstacle
from apps.clusters.kube.listing import Reader
from apps.clusters.kube.workloads import Place
from apps.http import MIB, Call, Reply, Stage, Unreachable, Upstream, converse
from apps.masking import MASK

# Of the two the newer can end our own input besides, of which we have none.
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDOUT, STDERR, ERROR = 1, 2, 3
OUTPUT_CAP = 8 * MIB
# The status that ends it; a message of the runtime's may be in it.
STATUS_CAP = 64 * 1024
SWITCHED = 101
SUCCESS, NON_ZERO, EXIT_CODE = "Success", "NonZeroExitCode", "ExitCode"
# What a shell says of a command that it cannot start, and some runtimes too.
CANNOT_START = {126, 127}
CRI_O_FAILED, NOT_FOUND = 255, b"not found in $PATH"
_CODE = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Container:
    """Where a command is to run."""

    pod: Place
    name: str

    def __str__(self) -> str:
        return f"{self.name} of pod {self.pod}"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that came to its end, whatever it said."""

    stdout: bytes
    stderr: bytes
    exit_code: int


@dataclass(frozen=True, slots=True)
class NotRun:
    """A command that did not come to its end, and why; the reason is fit for a page."""

    obstacle: Obstacle
    reason: str


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    status: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None


async def execute(
    reader: Reader, container: Container, command: Sequence[str], *, cap: int = OUTPUT_CAP
) -> Ran | NotRun:
    """Run `command` until it ends, or the reader's time does; of each output up to `cap` bytes."""
    left = round(reader.until - asyncio.get_running_loop().time(), 2)
    if left <= 0:
        return NotRun(Obstacle.TIMED_OUT, f"There was no time left to run {command[0]}.")
    output = _Output(cap)
    try:
        reply = await converse(
            reader.upstream, _call(container, command, cap, left), PROTOCOLS, output
        )
    except Unreachable as failure:
        # A server that says how it ended and then not farewell has said all.
        if not output.has_heard_all:
            return _broken_off(failure, output, container, command)
    else:
        if reply.status != SWITCHED:
            return _refused(reader, reply, container)
    return _concluded(reader, output, container, command)


def _call(container: Container, command: Sequence[str], cap: int, seconds: float) -> Call:
    pod = container.pod
    return Call(
        f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/exec",
        {
            "container": container.name,
            "command": list(command),
            "stdin": "false",
            "stdout": "true",
            "stderr": "true",
            "tty": "false",
        },
        deadline=seconds,
        # Of a message, which has its channel besides; and of a refusal.
        cap=max(cap, STATUS_CAP) + 1,
    )


class _Output:
    """What a command says, by its channels."""

    def __init__(self, cap: int) -> None:
        self.streams = {STDOUT: bytearray(), STDERR: bytearray()}
        self.status = bytearray()
        self.begun = False
        self._cap = cap

    def begin(self) -> None:
        self.begun = True

    def hear(self, message: bytes) -> None:
        # An empty one opens or ends its channel; of other channels, such as the 255 of the fifth
        # version, nothing is for us.
        channel, said = message[:1], message[1:]
        if channel == bytes([ERROR]):
            self._add(self.status, said, STATUS_CAP)
        elif channel in {bytes([STDOUT]), bytes([STDERR])}:
            self._add(self.streams[channel[0]], said, self._cap)

    @property
    def has_heard_all(self) -> bool:
        return bool(self.status)

    @staticmethod
    def _add(stream: bytearray, said: bytes, cap: int) -> None:
        if len(stream) + len(said) > cap:
            # Whoever keeps the failure keeps this too.
            stream.clear()
            raise Unreachable(Stage.SIZE, f"it printed more than {_size(cap)}")
        stream += said


def _size(cap: int) -> str:
    return f"{cap // MIB} MiB" if cap >= MIB else f"{cap} bytes"


def _broken_off(
    failure: Unreachable, output: _Output, container: Container, command: Sequence[str]
) -> NotRun:
    what = f"{command[0]} in {container}"
    match failure.stage:
        case Stage.TIMEOUT if output.begun:
            why = f"{what} did not end: {failure.reason}."
            return NotRun(Obstacle.TIMED_OUT, why)
        case Stage.TIMEOUT:
            return NotRun(Obstacle.TIMED_OUT, f"{what} was not begun: {failure.reason}.")
        case Stage.SIZE:
            return NotRun(Obstacle.TOO_MUCH, f"{what} was given up: {failure.reason}.")
        case _ if output.begun:
            why = f"{what} was cut off before it ended: {failure.reason}."
            return NotRun(Obstacle.CUT_OFF, why)
    return NotRun(Obstacle.UNREACHABLE, f"{what} could not be run: {failure.reason}.")


def _refused(reader: Reader, reply: Reply, container: Container) -> NotRun:
    """Say why the API server opened no WebSocket."""
    try:
        message = msgspec.json.decode(reply.body, type=_Status).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # A kubelet's refusal is passed on as plain text.
        message = reply.body.decode("utf-8", "replace")
    said = reader.upstream.quote(message)
    obstacle, reason = exec_refusals.explain(reply.status, said, container.pod, str(container))
    return NotRun(obstacle, reason)


def _concluded(
    reader: Reader, output: _Output, container: Container, command: Sequence[str]
) -> Ran | NotRun:
    what = f"{command[0]} in {container}"
    if not output.status:
        why = f"{what} was cut off before it ended: nobody says how it ended."
        return NotRun(Obstacle.CUT_OFF, why)
    try:
        status = msgspec.json.decode(bytes(output.status), type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return NotRun(Obstacle.CUT_OFF, f"How {what} ended cannot be understood.")
    code = _exit_code(status)
    if code is None:
        said = reader.upstream.quote(status.message)
        return NotRun(*exec_refusals.explain_failure(said, what, container.pod, str(container)))
    if code in CANNOT_START or _never_began(output, code):
        why = f"{command[0]} is not in container {container}, or cannot be started (exit {code})."
        return NotRun(Obstacle.NO_COMMAND, why)
    stdout, stderr = (_hidden(output.streams[one], reader.upstream) for one in (STDOUT, STDERR))
    return Ran(stdout, stderr, code)


def _hidden(said: bytearray, upstream: Upstream) -> bytes:
    """Return what was printed: a server may put our own token there, for a page to show it."""
    token = upstream.token.encode()
    return bytes(said.replace(token, MASK.encode())) if token else bytes(said)


def _never_began(output: _Output, code: int) -> bool:
    """CRI-O hands on its runtime's complaint as if it were the command's own."""
    said = bytes(output.streams[STDERR])
    return code == CRI_O_FAILED and not output.streams[STDOUT] and NOT_FOUND in said


def _exit_code(status: _Status) -> int | None:
    """Return with what the command ended, None where it did not even begin."""
    if status.status == SUCCESS:
        return 0
    if status.reason != NON_ZERO:
        return None
    causes = (status.details.causes if status.details else None) or []
    said = [cause.message for cause in causes if cause.reason == EXIT_CODE]
    return int(said[0]) if len(said) == 1 and _CODE.fullmatch(said[0]) else None

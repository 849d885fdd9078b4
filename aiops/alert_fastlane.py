"""In front of Daphne's HTTP: what Alertmanagers post, over connections that are kept, goes in here.

Twisted and ASGI cost more for one alert than to store it. So what looks just as Alertmanager sends
it, with the token of its cluster, is read here and answered here. Everything else, and everything
that comes after it on its connection, is Daphne's, byte for byte, where `alert_door` and the view
take the same in, or refuse it.
"""

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFailure
from twisted.internet import protocol

from aiops import alert_door
from aiops.alert_bell import bell_of
from aiops.journal import request_id_of
from apps.errors import DomainError
from apps.observability.actions.alerts import admission, intake
from apps.observability.actions.alerts.admission import Pass
from apps.observability.api.alert_webhook import PATIENCE_SECONDS
from apps.observability.errors import StoreAway
from apps.observability.sources.alertmanager import Group

START = b"POST /api/v1/alerts/webhook/"
LINE = re.compile(rb"POST /api/v1/alerts/webhook/([0-9A-Fa-f-]{36}) HTTP/1\.1")
# As it is mostly written: whatever else there may be in a header, Twisted knows better.
HEADER = re.compile(rb"([A-Za-z0-9-]{1,100}):([\x20-\x7e\t]*)")
MOST_HEAD = 16 * 2**10
# Said by who wants something of HTTP that is not done here.
UNUSUAL = frozenset(
    {b"transfer-encoding", b"expect", b"upgrade", b"connection", b"content-encoding", b"trailer"}
)
ONCE = frozenset({b"content-length", b"content-type", b"authorization", b"host", b"x-request-id"})
# For all of a request, counted from the answer before it.
IDLE_SECONDS = 60.0


@dataclass(slots=True)
class Head:
    """A webhook; its body is the next `length` bytes, and read once it is known who sends it."""

    cluster_id: str
    shown: str
    by: Pass | None
    length: int
    # As it was brought; of one that brought none it is empty.
    request_id: str


NOBODY = b"", Head("", "", None, 0, "")


def read_head(head: bytes) -> Head | None:
    """Read a request's head, without the empty line after it; None: it is not for this lane."""
    first, *lines = head.split(b"\r\n")
    found = LINE.fullmatch(first)
    headers = _headers(lines)
    if found is None or headers is None or b"host" not in headers:
        return None
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    length = headers.get(b"content-length", b"")
    fits = length.isdigit() and len(length) < 8 and int(length) <= intake.MOST_BYTES
    if media_type != b"application/json" or not fits:
        return None
    cluster_id, shown = found[1].decode(), headers.get(b"authorization", b"").decode()
    request_id = headers.get(b"x-request-id", b"").decode()
    by = admission.recall(cluster_id, shown)
    return Head(cluster_id, shown, by, int(length), request_id)


def _headers(lines: list[bytes]) -> dict[bytes, bytes] | None:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        header = HEADER.fullmatch(line)
        if header is None:
            return None
        name = header[1].lower()
        if name in UNUSUAL or (name in ONCE and name in headers):
            return None
        headers[name] = header[2].strip(b" \t")
    return headers


class Lane(protocol.Protocol):
    """One connection: webhooks until something else comes, and from then on Daphne's.

    One request is answered before the next is looked at, as the answers go out in that order.
    """

    def __init__(self, beyond: Any) -> None:
        self.transport: Any
        self._beyond = beyond
        self._handed_over = False
        self._buffer = bytearray()
        self._head: Head | None = None
        # The head before, and what was read in it: most of a connection's heads are the same.
        self._known: tuple[bytes, Head] = NOBODY
        self._introduction: asyncio.Task[None] | None = None
        self._answer: _Answer | None = None
        self._paused = False

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._watch = self._loop.call_later(IDLE_SECONDS, self._look_whether_idle)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._handed_over:
            self._beyond.dataReceived(data)
            return
        self._buffer += data
        self._go_on()
        is_busy = self._answer or self._introduction
        if is_busy and len(self._buffer) > MOST_HEAD and not self._paused:
            # Whoever does not wait for an answer has to.
            self._paused = True
            self.transport.pauseProducing()

    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:  # noqa: N802
        self._watch.cancel()
        if self._introduction:
            self._introduction.cancel()
        if self._answer:
            self._answer.give_up()
        if self._handed_over:
            self._beyond.connectionLost(reason)

    def _look_whether_idle(self) -> None:
        # A timer for each request would cost more than to read it.
        is_busy = self._answer or self._introduction
        left = IDLE_SECONDS if is_busy else self._heard_at + IDLE_SECONDS - self._loop.time()
        if left <= 0:
            self.transport.abortConnection()
        else:
            self._watch = self._loop.call_later(left, self._look_whether_idle)

    def _go_on(self) -> None:
        if self._answer or self._introduction or self._handed_over or not self._buffer:
            return
        if self._head is None and not self._find_head():
            return
        head = self._head
        if head is None or head.by is None or len(self._buffer) < head.length:
            return
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        self._head = None
        self._answer = _Answer(self, head.by, request_id_of(head.request_id))
        self._answer.bring(body)

    def _find_head(self) -> bool:
        """Look whether a head is there, whole; if it is not one for us, all is handed over."""
        if not START.startswith(self._buffer[: len(START)]):
            self._hand_over()
            return False
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MOST_HEAD:
                self._hand_over()
            return False
        raw = bytes(self._buffer[:end])
        if raw != self._known[0]:
            head = read_head(raw) if end <= MOST_HEAD else None
            if head is None:
                self._hand_over()
                return False
            self._known = raw, head
        self._head = self._known[1]
        if self._head.by is None:
            self._introduction = self._loop.create_task(self._introduce(self._head, end + 4))
            return False
        del self._buffer[: end + 4]
        return True

    async def _introduce(self, head: Head, length: int) -> None:
        """Look who it is, before the body is read."""
        try:
            head.by = await database_sync_to_async(admission.admit)(head.cluster_id, head.shown)
        except (DomainError, DatabaseFailure):
            # The door behind Daphne looks again, and says what it is.
            head.by = None
        self._introduction = None
        if head.by is None:
            self._hand_over()
        else:
            del self._buffer[:length]
            self._go_on()
        self._resume()

    def _resume(self) -> None:
        if self._paused and not self._answer:
            self._paused = False
            self.transport.resumeProducing()

    def _hand_over(self) -> None:
        self._watch.cancel()
        self._handed_over = True
        self._beyond.makeConnection(self.transport)
        told, self._buffer = bytes(self._buffer), bytearray()
        if told:
            self._beyond.dataReceived(told)

    def _write(self, answer: bytes) -> None:
        """Send it at once where nothing waits to be sent: to ask first costs two system calls."""
        transport = self.transport
        if getattr(transport, "dataBuffer", None) == b"" and not transport._tempDataBuffer:  # noqa: SLF001
            sent = transport.writeSomeData(answer)
            if isinstance(sent, int):
                answer = answer[sent:]
        # What is left, or what is to be told of a connection that is lost.
        transport.write(answer)

    def answered(self, answer: bytes, *, refused: bool) -> None:
        self._answer = None
        if refused:
            # Its token may be of no use any more.
            self._known = NOBODY
        self._write(answer)
        self._resume()
        self._heard_at = self._loop.time()
        if self._buffer:
            # Not from here: of many that are refused at once, each would stand on the one before.
            self._loop.call_soon(self._go_on)


class _Answer:
    """The answer to one webhook, which comes once: when it is stored, refused, or took too long."""

    def __init__(self, lane: Lane, by: Pass, request_id: str) -> None:
        self._lane: Lane | None = lane
        self._by, self._request_id = by, request_id
        self._began = time.perf_counter()
        # Known once it is brought, and told of only after that.
        self._group: Group
        loop = asyncio.get_running_loop()
        self._bell = bell_of(loop)
        self._timer = loop.call_later(PATIENCE_SECONDS, self._tell, StoreAway(intake.AWAY))

    def bring(self, body: bytes) -> None:
        try:
            self._group = intake.bring(self._by, body, self._settle)
        except DomainError as refusal:
            self._tell(refusal)

    def give_up(self) -> None:
        """Nobody is there any more; what was brought is stored all the same."""
        self._lane = None
        self._timer.cancel()

    def _settle(self, refusal: DomainError | None) -> None:
        """Called by the thread that stores."""
        self._bell.tell(self._tell, refusal)

    def _tell(self, refusal: DomainError | None) -> None:
        lane, self._lane = self._lane, None
        self._timer.cancel()
        if lane is None:
            return
        answer = alert_door.answer_to(refusal or self._group, self._request_id, self._began)
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        raw = "\r\n".join([*lines, "", ""]).encode() + answer.body
        lane.answered(raw, refused=refusal is not None)


class Lanes(protocol.ServerFactory):
    """Meets each connection with a lane before what `http` would make for it."""

    def __init__(self, http: Any) -> None:
        self._http = http

    def buildProtocol(self, addr: Any) -> Lane:  # noqa: N802
        return Lane(self._http.buildProtocol(addr))

    def doStart(self) -> None:  # noqa: N802
        self._http.doStart()

    def doStop(self) -> None:  # noqa: N802
        self._http.doStop()

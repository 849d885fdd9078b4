"""A conversation over a WebSocket: asked for as any call is, and listened to until it ends.

Frames are read and written by the library `websockets`, which has a part that knows no network;
docs/decisions/0019 says why. The connection is ours: to an address that was checked, and counted.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT
from websockets.protocol import Protocol as Frames
from websockets.utils import accept_key, generate_key

from apps.http import pool as pools
from apps.http.asking import limited, reply_of
from apps.http.bodies import Pieces, broken, hung_up, too_large
from apps.http.call import Call, Reply, Stage, Unreachable, Upstream
from apps.http.connection import Connection, Stale
from apps.http.dialing import Progress
from apps.http.measuring import Measured
from apps.http.place import Place, locate
from apps.http.wire import Answer, compose, named

SWITCHED = 101
_SWITCHES = re.compile(rb"HTTP/1\.1 101(?: [^\x00\r\n]*)?\Z")
# Answers to pings that the other side does not read.
MOST_UNSENT = 64 * 1024
# Empty frames, and such as are for nobody, bring nothing and cost as much as others.
FRAMES_AT_LEAST, BYTES_A_FRAME = 4096, 256
# Those that are answered are held down by that answer, which has to be read.
MOST_PINGS = 128 * 1024


class Listener(Protocol):
    """Hears a conversation. What it raises as Unreachable ends it."""

    def begin(self) -> None:
        """The other side agreed to talk."""

    def hear(self, message: bytes) -> None:
        """A whole message came."""

    @property
    def has_heard_all(self) -> bool:
        """Whether a conversation that just ends, without a word of farewell, was whole."""


async def converse(
    upstream: Upstream,
    call: Call,
    protocols: Sequence[str],
    listener: Listener,
    *,
    within: float | None = None,
) -> Reply:
    """Listen until the other side says farewell, and return its answer, whose status is then 101.

    Whoever will not talk answers with another status, and a body that says why. Of `protocols`
    one must be agreed upon. `within` is what is left of the call's deadline, in seconds.
    """
    started = time.perf_counter()
    key = generate_key()
    asked = replace(call, fields=(*call.fields, *_wishes(key, protocols)))
    try:
        place = locate(upstream.base_url)
        request = compose(upstream, place, asked)
    except ValueError:
        # Not quoted: the value that does not fit may be the token.
        raise Unreachable(Stage.PROTOCOL, "its address or token cannot be sent") from None
    talk = _Talk(key, protocols, listener, call.cap)
    deadline = call.deadline if within is None else within
    progress = Progress()
    with Measured(upstream.kind, talk):
        talking = _talk(upstream, place, request, talk, progress)
        connection = await limited(talking, progress, deadline)
    return reply_of(talk, connection, started)


def _wishes(key: str, protocols: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return (
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Protocol", ", ".join(protocols)),
    )


async def _talk(
    upstream: Upstream, place: Place, request: bytes, talk: "_Talk", progress: Progress
) -> Connection:
    """Open a connection, and end it with the conversation: nothing else can be asked there."""
    pool = await pools.of_this_loop()
    connection = await pool.open(upstream, place, progress)
    talk.speaks_by(connection)
    try:
        await connection.exchange(request, talk)
    except Stale:
        raise hung_up() from None
    finally:
        connection.abort()
    return connection


class _Talk(Answer):
    """An answer that becomes a conversation; any other is read as always."""

    def __init__(self, key: str, protocols: Sequence[str], listener: Listener, cap: int) -> None:
        super().__init__("GET", cap)
        self._accepted = accept_key(key).encode()
        self._protocols = {one.encode() for one in protocols}
        self._listener = listener
        self._messages = _Messages(listener, self._send, cap)
        self._connection: Connection | None = None

    def speaks_by(self, connection: Connection) -> None:
        self._connection = connection

    def _understand(self, first: bytes, lines: list[bytes]) -> None:
        if not _SWITCHES.match(first):
            super()._understand(first, lines)
            return
        self._agree(named(lines))
        self.status, self.head = SWITCHED, lines
        self._body = self._messages
        self._listener.begin()

    def _agree(self, said: Mapping[bytes, bytes]) -> None:
        words = {word.strip().lower() for word in said.get(b"connection", b"").split(b",")}
        if (
            b"upgrade" not in words
            or said.get(b"upgrade", b"").lower() != b"websocket"
            or said.get(b"sec-websocket-accept") != self._accepted
            # We asked for none.
            or b"sec-websocket-extensions" in said
        ):
            raise broken("what answers does not open a WebSocket as it should")
        if said.get(b"sec-websocket-protocol") not in self._protocols:
            raise broken("what answers speaks none of the protocols that we offer")

    def _send(self, data: bytes) -> None:
        if self._connection is None or self._connection.transport is None:
            raise hung_up()
        if self._connection.transport.get_write_buffer_size() > MOST_UNSENT:
            raise broken("the other side asks, and does not read what is answered")
        self._connection.transport.write(data)


class _Messages:
    """The body of such an answer: frames that are put together to messages."""

    excess = False

    def __init__(self, listener: Listener, send: Callable[[bytes], None], cap: int) -> None:
        # What is heard is kept by who hears it.
        self.content = Pieces()
        self._listener, self._send, self._cap = listener, send, cap
        self._frames = Frames(CLIENT, max_size=cap)
        self._begun = bytearray()
        self._frames_left, self._pings_left = FRAMES_AT_LEAST + cap // BYTES_A_FRAME, MOST_PINGS

    def feed(self, data: bytes) -> bool:
        """Take in what came; return whether the other side said farewell."""
        self._frames.receive_data(data)
        events = self._frames.events_received()
        said = [self._take(frame) for frame in events if isinstance(frame, Frame)]
        for piece in filter(None, self._frames.data_to_send()):
            self._send(piece)
        match self._frames.parser_exc:
            case None:
                return any(said)
            case PayloadTooBig():
                raise too_large(self._cap)
        raise broken("the connection broke: what answers sends no valid WebSocket frames")

    def close(self) -> bool:
        return self._listener.has_heard_all

    def _take(self, frame: Frame) -> bool:
        """Hear a message that is whole; return whether the frame is a farewell."""
        self._count(frame)
        if frame.opcode in {Opcode.CLOSE, Opcode.PING, Opcode.PONG}:
            return frame.opcode == Opcode.CLOSE
        if frame.fin and frame.opcode != Opcode.CONT:
            self._listener.hear(bytes(frame.data))
            return False
        self._begun += frame.data
        if frame.fin:
            whole, self._begun = bytes(self._begun), bytearray()
            self._listener.hear(whole)
        return False

    def _count(self, frame: Frame) -> None:
        if frame.opcode == Opcode.PING:
            self._pings_left -= 1
        else:
            self._frames_left -= 1
        if self._frames_left < 0 or self._pings_left < 0:
            raise broken("it sends frames that cost more than they bring")

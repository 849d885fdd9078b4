"""Asks one question of one upstream, within one deadline over all of it."""

import socket
import ssl
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from apps.http import pool as pools
from apps.http.bodies import hung_up
from apps.http.call import Berth, Call, Reply, Stage, Unreachable, Upstream
from apps.http.connection import Connection, Stale
from apps.http.dialing import Progress
from apps.http.limit import TimeLimit
from apps.http.measuring import Measured
from apps.http.place import Place, locate
from apps.http.wire import Answer, compose

T = TypeVar("T")

# What may be sent once more when a kept connection turns out to be closed: it changes nothing.
REPEATABLE = {"GET", "HEAD"}


async def ask(
    upstream: Upstream, call: Call, *, within: float | None = None, berth: Berth | None = None
) -> Reply:
    """Return the upstream's whole answer, whatever its status; raise Unreachable otherwise.

    `within` is what is left of the call's deadline, in seconds. `berth` is waited for as soon as
    the answer turns out to be large; until it returns, nothing more is read, and what was sent
    waits at the other side.
    """
    started = time.perf_counter()
    answer = Answer(call.verb, call.cap, berth)
    try:
        place = locate(upstream.base_url)
        request = compose(upstream, place, call)
    except ValueError:
        # Not quoted: the value that does not fit may be the token.
        raise Unreachable(Stage.PROTOCOL, "its address or token cannot be sent") from None
    deadline = call.deadline if within is None else within
    connection = await carry(upstream, place, request, answer, deadline)
    return reply_of(answer, connection, started)


def reply_of(answer: Answer, connection: Connection, started: float) -> Reply:
    return Reply(
        answer.status,
        answer.content,
        round((time.perf_counter() - started) * 1000),
        connection.certificate_expires_at,
        answer.retry_after,
    )


async def carry(
    upstream: Upstream, place: Place, request: bytes, answer: Answer, deadline: float
) -> Connection:
    """Send a request as it is, and fill `answer`; raise Unreachable otherwise."""
    with Measured(upstream.kind, answer):
        return await _carry(upstream, place, request, answer, deadline)


async def receive(
    upstream: Upstream, connection: Connection, answer: Answer, began: float, within: float
) -> Reply:
    """Return the answer to a question that was sent already; raise Unreachable otherwise."""

    async def receive() -> None:
        try:
            await connection.receive()
        except Stale:
            raise hung_up() from None

    with Measured(upstream.kind, answer, began):
        await limited(receive(), Progress(), within)
    return reply_of(answer, connection, began)


async def _carry(
    upstream: Upstream, place: Place, request: bytes, answer: Answer, deadline: float
) -> Connection:
    progress = Progress()
    exchange = _exchange(upstream, place, request, answer, progress)
    return await limited(exchange, progress, deadline)


async def limited(work: Coroutine[Any, Any, T], progress: Progress, deadline: float) -> T:
    """Return what comes of `work`, and say in one of our own failures what kept it from coming."""
    limit = TimeLimit(deadline)
    try:
        with limit:
            return await work
    except OSError as error:
        if limit.expired:
            reason = f"no answer in {deadline:.3g} s"
            raise Unreachable(Stage.TIMEOUT, reason, progress.stage) from None
        raise _unreachable(error, progress.stage) from None


async def _exchange(
    upstream: Upstream, place: Place, request: bytes, answer: Answer, progress: Progress
) -> Connection:
    pool = await pools.of_this_loop()
    door = await pool.enter(upstream, place)
    try:
        connection = pool.take(door)
        if connection is not None:
            try:
                await _again(connection, request, answer)
            except Stale:
                connection = None
        if connection is None:
            connection = await pool.open(upstream, place, progress)
            try:
                await connection.exchange(request, answer)
            except Stale:
                # It spoke before it was asked, or left at once, together with its last word in
                # the TLS handshake.
                raise hung_up() from None
        pool.keep(door, connection)
        return connection
    finally:
        pool.leave(door)


async def _again(connection: Connection, request: bytes, answer: Answer) -> None:
    """Ask by a kept connection; raise Stale where it is certain that asking anew does no harm."""
    if not connection.is_quiet():
        # What lies there unread would be taken for our answer: a word of farewell, or worse.
        connection.abort()
        raise Stale
    try:
        await connection.exchange(request, answer)
    except Stale:
        if answer.verb in REPEATABLE:
            raise
        raise hung_up() from None


def _unreachable(error: OSError, stage: Stage | None) -> Unreachable:
    match error:
        case socket.gaierror():
            return Unreachable(Stage.DNS, "the host name is not known")
        case ssl.SSLCertVerificationError():
            return Unreachable(Stage.TLS, f"TLS certificate refused: {error.verify_message}")
        case ssl.SSLError():
            return Unreachable(Stage.TLS, f"TLS failed: {error.reason or error}")
        case ConnectionRefusedError():
            return Unreachable(Stage.TCP, "connection refused")
    if stage == Stage.TLS:
        return Unreachable(Stage.TLS, "TLS failed: the other side hung up")
    # Of several addresses that were tried, the library tells one summary without a number.
    where = Stage.DNS if stage == Stage.DNS else Stage.TCP
    reset = isinstance(error, ConnectionResetError | BrokenPipeError)
    return Unreachable(where, (error.strerror or "connection failed").lower(), was_reset=reset)

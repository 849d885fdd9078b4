"""Before Django: what Alertmanagers post is taken in here, some thousand times a second.

The token is looked at before the body. Answers have the forms that `problems` gives to all others.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.db import Error as DatabaseFailure

from aiops.journal import request_id_of
from aiops.problems import envelope
from aiops.rendering import dump
from apps import measures
from apps.errors import DomainError
from apps.observability.actions.alerts import admission, intake
from apps.observability.api.alert_webhook import PATIENCE_SECONDS, answer_to
from apps.observability.errors import StoreAway, WebhookTooLarge

logger = logging.getLogger(__name__)

PATH = re.compile(r"/api/v1/alerts/webhook/([^/]+)/?")
# As Django's own resolver names it, so that both ways are counted together.
ROUTE = "api/v1/alerts/webhook/<str:id>"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class Gone(Exception):
    """Whoever sent has hung up."""


def before(beyond: Application) -> Application:
    """Return `beyond` with the door for alerts in front of it."""

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        found = PATH.fullmatch(scope["path"])
        headers = dict(scope["headers"]) if found else {}
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if not found or scope["method"] != "POST" or media_type != b"application/json":
            await beyond(scope, receive, send)
            return
        with suppress(Gone):
            await _answer(found[1], headers, receive, send)

    return enter


async def _answer(
    cluster_id: str, headers: dict[bytes, bytes], receive: Receive, send: Send
) -> None:
    started = time.perf_counter()
    request_id = request_id_of(headers.get(b"x-request-id", b"").decode("latin-1"))
    structlog.contextvars.bind_contextvars(request_id=request_id)
    extra: dict[str, str] = {}
    try:
        status, body = 200, await _take_in(cluster_id, headers, receive)
    except DomainError as refusal:
        status, body, extra = refusal.status, _refused(refusal), _headers(refusal)
    except DatabaseFailure as error:
        logger.warning("Nobody can be let in, for PostgreSQL: %s", error)
        away = StoreAway(intake.AWAY)
        status, body, extra = away.status, _refused(away), _headers(away)
    measures.http_requests.labels("POST", ROUTE, str(status)).inc()
    measures.http_seconds.labels(ROUTE).observe(time.perf_counter() - started)
    told = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
        "X-Request-ID": request_id,
        **extra,
    }
    pairs = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _take_in(cluster_id: str, headers: dict[bytes, bytes], receive: Receive) -> bytes:
    shown = headers.get(b"authorization", b"").decode("latin-1")
    by = admission.recall(cluster_id, shown)
    if by is None:
        by = await database_sync_to_async(admission.admit)(cluster_id, shown)
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > intake.MOST_BYTES:
        raise WebhookTooLarge(intake.TOO_LARGE)
    body = await _read(receive)
    loop = asyncio.get_running_loop()
    committed: asyncio.Future[DomainError | None] = loop.create_future()

    def settle(refusal: DomainError | None) -> None:
        if not committed.done():
            committed.set_result(refusal)

    def answer(refusal: DomainError | None) -> None:
        # Of a loop that has ended nobody waits any more; what was brought is stored.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, refusal)

    group = intake.bring(by, body, answer)
    try:
        refusal = await asyncio.wait_for(committed, PATIENCE_SECONDS)
    except TimeoutError:
        raise StoreAway(intake.AWAY) from None
    if refusal:
        raise refusal
    return dump(answer_to(group))


async def _read(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > intake.MOST_BYTES:
            raise WebhookTooLarge(intake.TOO_LARGE)
        if not message.get("more_body"):
            return b"".join(chunks)


def _refused(refusal: DomainError) -> bytes:
    return dump(envelope(refusal.code, refusal.message, refusal.details))


def _headers(refusal: DomainError) -> dict[str, str]:
    headers = {}
    if challenge := getattr(refusal, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    wait = getattr(refusal, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return headers

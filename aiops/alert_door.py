"""Before Django: what Alertmanagers post is taken in here, some thousand times a second.

The token is looked at before the body. Answers have the forms that `problems` gives to all others.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.db import Error as DatabaseFailure

from aiops.alert_bell import bell_of
from aiops.journal import request_id_of
from aiops.problems import envelope
from aiops.rendering import dump
from apps import measures
from apps.errors import DomainError
from apps.observability.actions.alerts import admission, intake
from apps.observability.api.alert_webhook import PATIENCE_SECONDS, WebhookAnswer
from apps.observability.errors import StoreAway, WebhookTooLarge
from apps.observability.sources.alertmanager import Group

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


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


def answer_to(outcome: Group | DomainError, request_id: str, began: float) -> Answer:
    """Say what came of a webhook that has been there since `began`, and count it."""
    extra: dict[str, str] = {}
    if isinstance(outcome, DomainError):
        status, body, extra = HTTPStatus(outcome.status), _refused(outcome), _headers(outcome)
    else:
        status, body = HTTPStatus.OK, _stored(len(outcome.told), outcome.unusable)
    requests, seconds = _measures(status.value)
    requests.inc()
    seconds.observe(time.perf_counter() - began)
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
        "X-Request-ID": request_id,
        **extra,
    }
    return Answer(status.value, status.phrase, headers, body)


@lru_cache(maxsize=1024)
def _stored(told: int, unusable: int) -> bytes:
    return dump(WebhookAnswer.model_construct(stored=told, unusable=unusable))


@lru_cache(maxsize=64)
def _measures(status: int) -> tuple[Any, Any]:
    requests = measures.http_requests.labels("POST", ROUTE, str(status))
    return requests, measures.http_seconds.labels(ROUTE)


async def _answer(
    cluster_id: str, headers: dict[bytes, bytes], receive: Receive, send: Send
) -> None:
    began = time.perf_counter()
    request_id = request_id_of(headers.get(b"x-request-id", b"").decode("latin-1"))
    structlog.contextvars.bind_contextvars(request_id=request_id)
    outcome: Group | DomainError
    try:
        outcome = await _take_in(cluster_id, headers, receive)
    except DomainError as refusal:
        outcome = refusal
    except DatabaseFailure as error:
        logger.warning("Nobody can be let in, for PostgreSQL: %s", error)
        outcome = StoreAway(intake.AWAY)
    answer = answer_to(outcome, request_id, began)
    pairs = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.body})


async def _take_in(cluster_id: str, headers: dict[bytes, bytes], receive: Receive) -> Group:
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

    group = intake.bring(by, body, partial(bell_of(loop).tell, settle))
    try:
        refusal = await asyncio.wait_for(committed, PATIENCE_SECONDS)
    except TimeoutError:
        raise StoreAway(intake.AWAY) from None
    if refusal:
        raise refusal
    return group


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

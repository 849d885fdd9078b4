"""Sends one message to one receiver, and says how that went. Nothing of its address is told."""

import logging
import smtplib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from asgiref.sync import sync_to_async
from django.core.mail import EmailMessage

from apps.http import Call, Unreachable, Upstream, ask
from apps.observability.models.notification import Kind
from apps.observability.telling import letter, signing, slack

logger = logging.getLogger(__name__)

DEADLINE, CAP = 10.0, 64 * 1024


@dataclass(frozen=True, slots=True)
class Addressee:
    kind: str
    url: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    ca_bundle: str = ""
    email_addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`error` is empty where it was taken. What was answered besides is not kept: it may hold
    the address that it was sent to.
    """

    error: str
    status_code: int | None
    duration_ms: int
    retry_after: float | None = None


async def tell(addressee: Addressee, message_id: str, content: Mapping[str, Any]) -> Outcome:
    if addressee.kind == Kind.EMAIL:
        # Django's mail waits for its server; other threads have other work.
        return await sync_to_async(_write, thread_sensitive=False)(addressee, message_id, content)
    return await _post(addressee, _call(addressee, message_id, content))


def _call(addressee: Addressee, message_id: str, content: Mapping[str, Any]) -> Call:
    # As it was typed: to many a slash at the end is another address.
    path = urlsplit(addressee.url).path or "/"
    if addressee.kind == Kind.SLACK:
        return Call(path, json=slack.write(content), deadline=DEADLINE, cap=CAP, once=True)
    body = orjson.dumps(content)
    fields = signing.headers(addressee.signing_secret, message_id, int(time.time()), body)
    return Call(path, json=body, deadline=DEADLINE, cap=CAP, once=True, fields=fields)


async def _post(addressee: Addressee, call: Call) -> Outcome:
    root = urlsplit(addressee.url)._replace(path="/", fragment="").geturl()
    began = time.monotonic()
    try:
        reply = await ask(Upstream(root, addressee.ca_bundle, kind="receiver"), call)
    except Unreachable as failed:
        return Outcome(failed.reason[:300], None, _since(began))
    return Outcome(_refusal(reply.status), reply.status, reply.elapsed_ms, reply.retry_after)


def _refusal(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"it answered {status}; redirects are not followed"
    return f"it answered {status}"


def _write(addressee: Addressee, message_id: str, content: Mapping[str, Any]) -> Outcome:
    message = EmailMessage(
        letter.subject(content),
        letter.text(content),
        to=addressee.email_addresses,
        headers={"Message-ID": f"<{message_id}@aiops-nextgen>", "Auto-Submitted": "auto-generated"},
    )
    began = time.monotonic()
    try:
        message.send()
    except smtplib.SMTPResponseException as refused:
        error = f"the mail server answered {refused.smtp_code}"
    except (smtplib.SMTPException, OSError) as failed:
        logger.info("A letter could not be sent: %s", type(failed).__name__)
        error = f"the mail server did not take it ({type(failed).__name__})"
    else:
        error = ""
    return Outcome(error, None, _since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)

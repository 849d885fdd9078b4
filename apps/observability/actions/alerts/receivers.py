"""Receivers: made, changed, tried out and removed. Their addresses go in and do not come out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts import audit
from apps.http import Refusal, is_usable, refuse_beforehand
from apps.observability.actions.alerts import delivering
from apps.observability.errors import (
    NO_SUCH_RECEIVER,
    NotificationNotFound,
    ReceiverExists,
    ReceiverInUse,
    ReceiverInvalid,
)
from apps.observability.models.delivery import DeliveryAttempt, Notification
from apps.observability.models.notification import Kind, Receiver
from apps.observability.telling import content, signing
from apps.sealed_fields import seal_into

LONGEST_URL = 2000
SECRETS = ("url", "signing_secret")


def check_url(url: str) -> None:
    """Refuse what cannot be posted to, without quoting it: who knows Slack's may write there."""
    if not is_usable(url) or len(url) > LONGEST_URL or "\\" in url or urlsplit(url).fragment:
        raise ValidationError("Write a URL such as https://hooks.example.net/alerts")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValidationError("Leave user and password out of the URL.")
    if parts.scheme != "https" and not settings.ALLOW_INSECURE_UPSTREAMS:
        raise ValidationError(
            "Use https. This installation sends nothing over plain http "
            "(AIOPS_ALLOW_INSECURE_UPSTREAMS)."
        )
    if refusal := refuse_beforehand(url):
        why = "" if refusal == Refusal.NOWHERE else f": {refusal}"
        raise ValidationError(f"Nobody is told at this address{why}.")


def check_signing_secret(secret: str) -> None:
    try:
        signing.key_of(secret)
    except ValueError as error:
        raise ValidationError(str(error)) from None


@transaction.atomic
def add(fields: Mapping[str, Any]) -> tuple[Receiver, str]:
    """Make a receiver; return it with its signing secret, which is not shown again.

    `fields` are those of the model, with `url` and `signing_secret` in the clear.
    """
    receiver = Receiver(**{name: fields[name] for name in fields if name not in SECRETS})
    secret = fields.get("signing_secret", "")
    if receiver.kind == Kind.WEBHOOK:
        secret = secret or signing.new_secret()
    _put_secrets(receiver, fields.get("url", ""), secret)
    _check(receiver)
    with _one_of_a_name(receiver):
        receiver.save(force_insert=True)
    audit.note("added", "receiver", receiver.pk, receiver.name, kind=receiver.kind)
    return receiver, secret


@transaction.atomic
def change(receiver_id: UUID, fields: Mapping[str, Any]) -> Receiver:
    """Set `fields`. Whoever is enabled again has no problem any more; its kind stays."""
    receiver = _hold(receiver_id)
    if fields.get("kind", receiver.kind) != receiver.kind:
        raise _invalid("kind", "A receiver keeps its kind. Add another receiver.")
    plain = {name: fields[name] for name in fields if name not in SECRETS}
    changed = [name for name, new in plain.items() if getattr(receiver, name) != new]
    for name in changed:
        setattr(receiver, name, plain[name])
    _put_secrets(receiver, fields.get("url", ""), fields.get("signing_secret", ""))
    changed += [name for name in SECRETS if fields.get(name)]
    if receiver.enabled:
        receiver.problem = ""
    _check(receiver)
    if changed:
        with _one_of_a_name(receiver):
            receiver.save()
        audit.note("changed", "receiver", receiver.pk, receiver.name, fields=sorted(changed))
    return receiver


@transaction.atomic
def renew_secret(receiver_id: UUID) -> str:
    """Sign by a new secret from now on. The answer is its only appearance."""
    receiver = _hold(receiver_id)
    if receiver.kind != Kind.WEBHOOK:
        raise _invalid("kind", "Only what goes to a webhook is signed.")
    secret = signing.new_secret()
    seal_into(receiver, "signing_secret", secret)
    receiver.save(update_fields=["signing_secret", "updated_at"])
    audit.note("rotated", "signing secret", receiver.pk, receiver.name)
    return secret


@transaction.atomic
def forget(receiver_id: UUID) -> None:
    """Remove a receiver, with all that it was told."""
    receiver = _hold(receiver_id)
    routes = list(receiver.routes.values_list("name", flat=True)[:5])
    if routes:
        raise ReceiverInUse(
            f"Routes lead to it: {', '.join(routes)}. Remove them, or lead them elsewhere.",
            {"routes": routes},
        )
    audit.note("removed", "receiver", receiver.pk, receiver.name, kind=receiver.kind)
    receiver.delete()


def test(receiver_id: UUID) -> DeliveryAttempt:
    """Send an example the way that all goes, once, and return how that went."""
    with transaction.atomic():
        receiver = _hold(receiver_id)
        now = timezone.now()
        until = now + timedelta(seconds=delivering.LEASE_SECONDS)
        group = {"route": "", "group_labels": {}, "fired": 0, "resolved": 0, "truncated": False}
        made = Notification.objects.create(
            receiver=receiver,
            is_test=True,
            content=content.compose("test", now, group, [content.example(now)]),
            created_at=now,
            closed_at=now,
            due_at=until,
            give_up_at=until,
            attempts=1,
        )
        audit.note("tried", "receiver", receiver.pk, receiver.name)
    parcel = delivering.parcel_of(made, until)
    delivering.record(parcel, async_to_sync(delivering.send)(parcel))
    return DeliveryAttempt.objects.select_related("notification").get(notification=made)


def _put_secrets(receiver: Receiver, url: str, secret: str) -> None:
    if url:
        if receiver.kind == Kind.EMAIL:
            raise _invalid("url", "Letters go to e-mail addresses, and to no URL.")
        seal_into(receiver, "url", url)
        parts = urlsplit(url)
        receiver.host = f"{parts.scheme}://{parts.netloc}"[:300]
    if secret:
        if receiver.kind != Kind.WEBHOOK:
            raise _invalid("signing_secret", "Only what goes to a webhook is signed.")
        seal_into(receiver, "signing_secret", secret)


def _check(receiver: Receiver) -> None:
    by_letter = receiver.kind == Kind.EMAIL
    if by_letter and not settings.EMAIL_HOST:
        raise _invalid("kind", "This installation has no mail server (AIOPS_EMAIL_URL).")
    if by_letter != bool(receiver.email_addresses):
        what = "Write whom letters go to." if by_letter else "Only letters go to addresses."
        raise _invalid("email_addresses", what)
    if not by_letter and not receiver.url:
        raise _invalid("url", "Write where to post to.")


def _invalid(field: str, message: str) -> ReceiverInvalid:
    return ReceiverInvalid(f"{field}: {message}", {"fields": {field: [message]}})


def _hold(receiver_id: UUID) -> Receiver:
    held = Receiver.objects.select_for_update().filter(pk=receiver_id).first()
    if held is None:
        raise NotificationNotFound(NO_SUCH_RECEIVER)
    return held


@contextmanager
def _one_of_a_name(receiver: Receiver) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        same = Receiver.objects.filter(name=receiver.name).exclude(pk=receiver.pk)
        if not same.exists():
            raise
        raise ReceiverExists(
            f"There is a receiver named {receiver.name!r} already. Choose another name."
        ) from error

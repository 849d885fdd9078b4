"""Writes the audit trail. An action says what it did; the door it came through says who and whence.

What is written is part of the action's own transaction: nothing happens without its line, and no
line is left of what was rolled back.
"""

import getpass
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.accounts.models import AuditEvent, User
from apps.accounts.models.audit_event import Door

_request: ContextVar[HttpRequest | None] = ContextVar("audited request", default=None)


def note(
    action: str, object_type: str, object_id: object, object_name: str = "", **details: Any
) -> None:
    """Add a line: `note("changed", "cluster", cluster.pk, cluster.name, region=["", "eu"])`.

    `details` are stored as they are: never a secret, only that there was one.
    """
    AuditEvent.objects.create(
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        object_name=object_name,
        details=details,
        **_origin(),
    )


def _origin() -> dict[str, Any]:
    request = _request.get()
    if request is None:
        return {"door": Door.COMMAND, "actor_name": _login_name()}
    # Asked now and not earlier: DRF finds the user of a token only inside the view.
    user = request.user
    known = isinstance(user, User)
    return {
        "door": Door.ADMIN if request.path.startswith("/admin/") else Door.REST,
        "actor_id": user.pk if known else None,
        "actor_name": user.get_username() if known else "nobody",
        "address": request.META.get("REMOTE_ADDR") or None,
    }


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no account has.
        return "unknown"


class AuditMiddleware:
    """Remembers the request for the time it takes, so that actions need not carry it about."""

    def __init__(self, next_handler: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.next_handler(request)
        finally:
            _request.reset(token)

"""Refusals that a caller can act on. Raised in rooms and actions, answered once in problems.py."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class ProblemBody(BaseModel):
    """What went wrong. The message says what to do next; log lines carry the same trace id."""

    code: str
    message: str
    details: dict[str, Any]
    trace_id: str
    timestamp: datetime


class Problem(BaseModel):
    """The one form of every refusal and failure."""

    error: ProblemBody


class DomainError(Exception):
    """A refusal with a code of the contract, an HTTP status and a sentence that says what next.

    `details` is shown to the caller as it is: nothing secret belongs in it.
    """

    code = "INTERNAL_ERROR"
    status = 500

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}


class PermissionRefused(DomainError):
    code = "PERMISSION_DENIED"
    status = 403

"""Refusals that a caller can act on. Raised in rooms and actions, answered once in problems.py."""

from typing import Any


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

"""Every refusal and failure becomes the one error envelope of the contract, here and only here."""

import sys
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from aiops.journal import current_request_id
from aiops.rendering import dump
from apps.errors import DomainError
from apps.observability.api.prometheus.refusals import refusal

CODES: dict[type[Exception], tuple[str, int]] = {
    exceptions.ValidationError: ("VALIDATION_FAILED", 400),
    exceptions.ParseError: ("VALIDATION_FAILED", 400),
    exceptions.UnsupportedMediaType: ("VALIDATION_FAILED", 415),
    exceptions.NotAcceptable: ("VALIDATION_FAILED", 406),
    exceptions.AuthenticationFailed: ("NOT_AUTHENTICATED", 401),
    exceptions.NotAuthenticated: ("NOT_AUTHENTICATED", 401),
    exceptions.PermissionDenied: ("PERMISSION_DENIED", 403),
    PermissionDenied: ("PERMISSION_DENIED", 403),
    exceptions.NotFound: ("NOT_FOUND", 404),
    Http404: ("NOT_FOUND", 404),
    exceptions.MethodNotAllowed: ("VALIDATION_FAILED", 405),
    exceptions.Throttled: ("RATE_LIMITED", 429),
}


def envelope(code: str, message: str, details: Any = None) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "details": details or {},
            "trace_id": current_request_id(),
            "timestamp": datetime.now(UTC),
        }
    }


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None leaves a bug to Django, which logs it and calls `broken`."""
    if isinstance(error, ModelValidationError):
        error = exceptions.ValidationError(
            error.message_dict if hasattr(error, "error_dict") else error.messages
        )
    if isinstance(error, DomainError):
        set_rollback()
        body = envelope(error.code, error.message, error.details)
        return Response(body, status=error.status, headers=_headers(error, context))
    for kind, (code, status) in CODES.items():
        if isinstance(error, kind):
            set_rollback()
            message, details = _words(error, code)
            return Response(
                envelope(code, message, details), status=status, headers=_headers(error, context)
            )
    return None


def _words(error: Exception, code: str) -> tuple[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return _first_sentence(error.detail), {"fields": error.detail}
    if code == "NOT_AUTHENTICATED" and not isinstance(error, exceptions.AuthenticationFailed):
        return "Sign in, or send an API token as: Authorization: Bearer TOKEN", None
    if code == "NOT_FOUND":
        return "There is nothing here, or nothing that you may see.", None
    return str(getattr(error, "detail", error)) or "You may not do this.", None


def _first_sentence(detail: Any, place: str = "") -> str:
    """Name the first field that is wrong, and why."""
    if isinstance(detail, dict) and detail:
        key, value = next(iter(detail.items()))
        inner = f"{place}.{key}" if place else str(key)
        return _first_sentence(value, "" if key == "non_field_errors" else inner)
    if isinstance(detail, list) and detail:
        first = next((item for item in detail if item), detail[0])
        return _first_sentence(first, place)
    return f"{place}: {detail}" if place else str(detail)


def _headers(error: Exception, context: dict[str, Any]) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 400."""
    message = "This request is not one that can be read. Send it again, as the API has it."
    if isinstance(exception, DisallowedHost):
        message = "This installation does not go by that host name. Add it to ALLOWED_HOSTS."
    return _page(request, 400, envelope("VALIDATION_FAILED", message))


def too_large(request: HttpRequest, limit: int) -> HttpResponse:
    message = f"A body may have at most {limit // 2**20} MiB. Send less at once."
    return _page(request, 413, envelope("PAYLOAD_TOO_LARGE", message))


def no_mail(request: HttpRequest) -> HttpResponse:
    message = "This installation sends no mail. Ask an administrator to set a new password."
    return _page(request, 404, envelope("NOT_FOUND", message))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404."""
    message = "There is nothing at this address."
    return _page(request, 404, envelope("NOT_FOUND", message))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    message = "Your account may not open this. Ask an administrator for a grant."
    return _page(request, 403, envelope("PERMISSION_DENIED", message))


def broken(request: HttpRequest) -> HttpResponse:
    """Django's 500: the traceback is in the log under the same id.

    A server behind us that is away is no bug: the caller keeps its session and comes again.
    """
    if isinstance(sys.exception(), RedisError | OperationalError | InterfaceError):
        message = "Redis or PostgreSQL does not answer just now. Try again in a moment."
        response = _page(request, 503, envelope("SERVICE_UNAVAILABLE", message))
        response["Retry-After"] = "5"
        return response
    message = "Something broke on our side. Quote the trace id to whoever runs this platform."
    return _page(request, 500, envelope("INTERNAL_ERROR", message))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = f"The request did not prove that it comes from our own page: {reason} Reload it."
    return _page(request, 403, envelope("PERMISSION_DENIED", message))


def _page(request: HttpRequest, status: int, body: dict[str, Any]) -> HttpResponse:
    if request.path.startswith("/prometheus/"):
        return refusal(status, body["error"]["message"])
    if request.path.startswith("/api/"):
        return HttpResponse(dump(body), status=status, content_type="application/json")
    # Without the request: its context processors would ask for the user, and so the database.
    page = render_to_string("problem.html", {"status": status, **body["error"]})
    return HttpResponse(page, status=status)

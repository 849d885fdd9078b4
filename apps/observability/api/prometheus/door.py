"""What all doors of Prometheus' API have alike: who may come in, and how a refusal is told."""

import math
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import FormParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import set_rollback

from apps.accounts.authentication import BasicTokenAuthentication, TokenAuthentication
from apps.accounts.models import User
from apps.errors import DomainError
from apps.observability.api.prometheus.parameters import Parameters
from apps.observability.api.prometheus.refusals import refusal
from apps.observability.api.wishing import WishingView


class ReadingSession(SessionAuthentication):
    """A browser's session, for reading only: what is posted takes a token.

    Forms of other sites are sent along with the session; and nobody who posts here is a browser.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        return super().authenticate(request) if request.method in {"GET", "HEAD"} else None


class PrometheusView(WishingView):
    authentication_classes = (
        TokenAuthentication,
        BasicTokenAuthentication,
        ReadingSession,
    )
    parser_classes = (FormParser,)
    # It is described by Prometheus, and not by our document.
    schema = None

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        # Whatever `Accept` says: Prometheus answers with JSON, and so do we.
        renderer = self.get_renderers()[0]
        return renderer, str(renderer.media_type)

    def get_exception_handler(self) -> Any:
        return _refuse

    def parameters(self) -> Parameters:
        sent = Parameters.of(self.request)
        self.wishes.ask_offline = sent.text("ask_offline").lower() in {"true", "1"}
        return sent

    @property
    def user(self) -> User:
        return cast(User, self.request.user)


def _refuse(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. None leaves a bug to Django."""
    if isinstance(error, DomainError):
        set_rollback()
        response = refusal(error.status, error.message)
        if (wait := getattr(error, "wait", None)) is not None:
            response["Retry-After"] = str(math.ceil(wait))
        return response
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    response = refusal(error.status_code, _said(error))
    if error.status_code == 401:
        # Not Basic: a browser would ask for a password, of which there is none.
        response["WWW-Authenticate"] = "Bearer"
    return response


def _said(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.NotAuthenticated):
        return "send an API token, as `Authorization: Bearer TOKEN` or as the password of Basic"
    return str(error.detail)


def front(request: HttpRequest) -> HttpResponse:
    """Where clients knock to see whether somebody is there."""
    text = "Here is Prometheus' API of the fleet: see api/v1/query and the others.\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def absent(request: HttpRequest) -> HttpResponse:
    """Whatever else Prometheus has: nothing is passed on that is not known here."""
    return refusal(404, f"there is nothing at {request.path} here")

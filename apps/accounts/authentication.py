"""`Authorization: Bearer aiops_...` for scripts; browsers use their session."""

import base64
import binascii

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import ApiToken, User


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return _holder(text.strip())

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BasicTokenAuthentication(BaseAuthentication):
    """For clients that know only Basic: an API token as the password, of a user of any name."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            pair = base64.b64decode(text.strip(), validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            raise AuthenticationFailed("What follows `Basic` is not base64.") from None
        return _holder(pair.partition(":")[2])


def _holder(text: str) -> tuple[User, ApiToken]:
    token = ApiToken.recognise(text)
    if token is None:
        raise AuthenticationFailed(
            "This API token is unknown, expired or its user is disabled. "
            "Make a new one with: manage.py create_token USER"
        )
    return token.user, token


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return build_bearer_security_scheme_object("Authorization", "Bearer")

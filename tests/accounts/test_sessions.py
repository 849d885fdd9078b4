"""Sessions while Redis is away: nobody is signed out, and everybody is told to come again."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from apps.accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

COOKIE = django_settings.SESSION_COOKIE_NAME


@pytest.fixture
def client(admin: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    return client


def take_away(settings: Any) -> None:
    sessions = settings.CACHES["sessions"] | {"LOCATION": "redis://127.0.0.1:1/3"}
    settings.CACHES = settings.CACHES | {"sessions": sessions}


@pytest.mark.parametrize("path", ["/api/v1/me", "/", "/admin/"])
def test_an_outage_is_told_as_one_and_leaves_the_cookie(
    client: Client, settings: Any, path: str
) -> None:
    present = settings.CACHES
    take_away(settings)
    response = client.get(path)
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert COOKIE not in response.cookies
    assert "Try again in a moment." in response.content.decode()
    settings.CACHES = present
    assert client.get(path).status_code == 200


def test_the_api_tells_of_an_outage_in_its_envelope(client: Client, settings: Any) -> None:
    take_away(settings)
    assert client.get("/api/v1/me").json()["error"]["code"] == "SERVICE_UNAVAILABLE"


def test_a_sign_in_during_an_outage_is_no_wrong_password(client: Client, settings: Any) -> None:
    take_away(settings)
    body = {"login": "ada", "password": PASSWORD}
    response = Client(raise_request_exception=False).post("/accounts/login/", body)
    assert response.status_code == 503


def test_a_session_that_is_really_gone_is_signed_out(client: Client) -> None:
    from django.core.cache import caches

    caches["sessions"].clear()
    response = client.get("/api/v1/me")
    assert response.status_code == 401
    assert response.cookies[COOKIE].value == ""

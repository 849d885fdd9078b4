"""Signing in: how often one may fail, and who counts as one."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User

pytestmark = pytest.mark.django_db

TOO_MANY = "Too many failed login attempts"


def fail(address: str) -> str:
    body = {"login": "ada", "password": "a wrong one"}
    page = Client().post("/accounts/login/", body, headers={"X-Forwarded-For": address})
    return page.content.decode()


@pytest.mark.parametrize(
    ("proxies", "limited"), [(0, True), (1, False)], ids=["no proxy", "behind one proxy"]
)
def test_people_behind_a_known_proxy_are_counted_one_by_one(
    admin: User, settings: Any, proxies: int, limited: bool
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "1/m/ip"}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    assert TOO_MANY not in fail("203.0.113.1")
    assert TOO_MANY in fail("203.0.113.1")
    assert (TOO_MANY in fail("203.0.113.2")) is limited

"""API tokens: shown once, kept as digests, refused when unknown, expired or their user is out."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db


def status_with(text: str) -> int:
    client = APIClient()
    return int(client.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {text}").status_code)


def test_the_command_prints_a_token_that_opens_the_api(admin: User) -> None:
    out = StringIO()
    call_command("create_token", "ada", stdout=out)
    text = out.getvalue().strip()
    assert text.startswith("aiops_")
    assert status_with(text) == 200
    assert ApiToken.objects.get().last_used_at is not None


def test_the_token_itself_is_in_no_row(admin: User) -> None:
    _, text = ApiToken.issue(admin, "script")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM accounts_apitoken t")
        rows = str(cursor.fetchall())
    assert text.partition(".")[2] not in rows


@pytest.mark.parametrize("text", ["", "x", "aiops_.", "aiops_000000000000.secret", "\x00"])
def test_what_is_no_token_of_ours_is_refused(admin: User, text: str) -> None:
    assert status_with(text) == 401


def test_the_secret_half_must_match(admin: User) -> None:
    _, text = ApiToken.issue(admin, "script")
    assert status_with(text[:-1] + ("A" if text[-1] != "A" else "B")) == 401


def test_an_expired_token_is_refused(admin: User) -> None:
    token, text = ApiToken.issue(admin, "script")
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()
    assert status_with(text) == 401


def test_a_token_of_a_disabled_user_is_refused(admin: User) -> None:
    _, text = ApiToken.issue(admin, "script")
    User.objects.update(is_active=False)
    assert status_with(text) == 401


def test_a_token_can_be_made_to_last(admin: User) -> None:
    call_command("create_token", "ada", "--days", "0", stdout=StringIO())
    assert ApiToken.objects.get().expires_at is None


def test_an_unknown_user_is_named_with_those_that_exist(admin: User) -> None:
    with pytest.raises(CommandError, match=r"no user 'bob'\. Users: ada"):
        call_command("create_token", "bob")


def test_nobody_makes_an_account_from_outside() -> None:
    page = APIClient().get("/accounts/signup/")
    assert 'name="password1"' not in page.content.decode()

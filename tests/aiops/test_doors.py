"""What is at the edges: probes, problems, pages, the schema, and the settings that refuse."""

import os
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from aiops import heartbeat
from aiops.heartbeat.tasks import show_life
from apps.accounts.models import User
from apps.clusters.models.grant import Rights

pytestmark = pytest.mark.django_db


def test_health_answers_without_touching_anything(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        body = Client().get("/health").json()
    assert body["status"] == "ok"


def test_ready_says_so_when_all_is_there() -> None:
    response = Client().get("/ready")
    assert (response.status_code, response.json()["failing"]) == (200, {})


def test_ready_names_a_redis_that_is_away(settings: Any) -> None:
    settings.EVENTS_REDIS_URL = "redis://127.0.0.1:1/0"
    response = Client().get("/ready")
    assert response.status_code == 503
    assert response.json()["failing"] == {"redis": "Redis does not answer."}


def test_ready_names_migrations_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("a", False)])
    response = Client().get("/ready")
    assert response.json()["failing"] == {"migrations": "1 migrations wait: run manage.py migrate."}


def test_a_consumed_heartbeat_leaves_its_time() -> None:
    assert heartbeat.last_beat() is None
    show_life()
    assert heartbeat.last_beat() is not None


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nothing", 404, "NOT_FOUND"),
        ("/api/v1/clusters/not-an-id", 404, "NOT_FOUND"),
        ("/api/v1/clusters/by-name/nobody", 404, "CLUSTER_NOT_FOUND"),
    ],
)
def test_every_api_refusal_wears_the_envelope(
    admin: User, path: str, status: int, code: str
) -> None:
    client = Client()
    client.force_login(admin)
    response = client.get(path)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert set(error) == {"code", "message", "details", "trace_id", "timestamp"}
    assert error["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ('"x"', "application/json", 400),
        ("a=b", "application/x-www-form-urlencoded", 415),
        ('{"name": "a\\u0000b", "api_server_url": "https://x"}', "application/json", 400),
    ],
)
def test_a_body_that_is_no_object_is_refused(
    admin: User, body: str, content_type: str, status: int
) -> None:
    client = Client()
    client.force_login(admin)
    response = client.post("/api/v1/clusters", body, content_type=content_type)
    assert response.status_code == status
    assert response.json()["error"]["code"] in {"VALIDATION_FAILED", "INVALID_CLUSTER_NAME"}


def test_a_wrong_method_is_refused_in_the_envelope(admin: User) -> None:
    client = Client()
    client.force_login(admin)
    response = client.delete("/api/v1/clusters")
    assert response.status_code == 405
    assert "error" in response.json()


def test_a_bug_is_answered_with_an_id_and_no_detail(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(_: object) -> None:
        raise RuntimeError("the inner secret")

    monkeypatch.setattr(Rights, "of", explode)
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    response = client.get("/api/v1/me")
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "INTERNAL_ERROR"
    assert "inner secret" not in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/explore", "/clusters/hub-frankfurt"])
def test_the_client_is_served_after_a_sign_in(admin: User, path: str) -> None:
    client = Client()
    assert client.get(path).headers["Location"] == f"/accounts/login/?next={path}"
    client.force_login(admin)
    response = client.get(path)
    assert response.status_code == 200
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "csrftoken" in response.cookies


def test_an_unknown_page_is_a_page_that_says_so(admin: User) -> None:
    response = Client().get("/nowhere/at/all")
    assert response.status_code == 404
    assert "There is nothing at this address." in response.content.decode()


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc", "/api/schema"])
def test_the_documentation_loads_nothing_from_elsewhere(admin: User, path: str) -> None:
    client = Client()
    client.force_login(admin)
    response = client.get(path)
    assert response.status_code == 200
    text = response.content.decode()
    assert 'src="http' not in text
    assert 'href="http' not in text


def test_signing_in_with_the_form_opens_the_client(admin: User) -> None:
    from tests.factories import PASSWORD

    client = Client()
    body = {"login": "ada", "password": PASSWORD}
    assert client.post("/accounts/login/?next=/explore", body).headers["Location"] == "/explore"
    away = Client().post("/accounts/login/?next=https://evil.example", body)
    assert away.headers["Location"] == "/"


def test_the_generated_contract_is_current() -> None:
    call_command("contract", "--check", stdout=StringIO())


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())


def test_every_schedule_names_a_task_that_exists() -> None:
    from aiops.celery import app
    from aiops.schedule import ENTRIES

    app.loader.import_default_modules()
    assert {entry["task"] for entry in ENTRIES.values()} <= set(app.tasks)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "", "SECRET_KEY"),
        ("DEBUG", "perhaps", "neither yes nor no"),
        ("AIOPS_CHECK_INTERVAL_SECONDS", "soon", "is not a number"),
        ("AIOPS_CHECK_INTERVAL_SECONDS", "0", "is not between"),
        ("DATABASE_URL", "mysql://x/y", "must begin with postgres://"),
        ("SECRET_KEY_FILE", "/nonexistent", "cannot be read"),
    ],
)
def test_production_refuses_nonsense_at_start(name: str, value: str, words: str) -> None:
    given = {
        "DJANGO_SETTINGS_MODULE": "aiops.settings.production",
        "DATABASE_URL": "postgresql://a@127.0.0.1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "s" * 50,
        "AIOPS_SEALING_KEYS": "k" * 50,
        "ALLOWED_HOSTS": "aiops.example.net",
        "PATH": os.environ["PATH"],
    }
    if value:
        given[name] = value
    else:
        del given[name]
    command = [sys.executable, "-c", "import django; django.setup()"]
    run = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert words in run.stderr

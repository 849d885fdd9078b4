"""What is at the edges: probes, problems, pages, and the schema."""

import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from aiops import vitals
from aiops.embedded import heartbeat
from aiops.heartbeat.tasks import show_life
from aiops.schedule import ENTRIES
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
    monkeypatch.setattr(vitals, "MIGRATED", threading.Event())
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("a", False)])
    response = Client().get("/ready")
    assert response.json()["failing"] == {"migrations": "1 migrations wait: run manage.py migrate."}


def test_ready_looks_at_migrations_until_they_are_applied(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(vitals, "MIGRATED", threading.Event())
    assert Client().get("/ready").status_code == 200
    with django_assert_num_queries(1):
        assert Client().get("/ready").status_code == 200


def test_ready_names_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    take_database_away(monkeypatch)
    response = Client().get("/ready")
    assert response.status_code == 503
    assert response.json()["failing"] == {"database": "PostgreSQL does not answer."}


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_probes_come_by_an_address_and_are_answered(path: str) -> None:
    response = Client().get(path, headers={"Host": "10.128.0.7:8000"})
    assert response.status_code == 200
    assert response["X-Request-ID"]


def test_a_consumed_heartbeat_is_seen_by_the_supervisor(settings: Any) -> None:
    assert heartbeat.age(settings.EVENTS_REDIS_URL, "worker") == float("inf")
    show_life()
    age = heartbeat.age(settings.EVENTS_REDIS_URL, "worker")
    assert age is not None
    assert age < 60


def take_database_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("connection refused: postgresql://aiops:hunter2@nowhere")

    monkeypatch.setattr(connection, "cursor", refuse)


@pytest.mark.parametrize("path", ["/api/v1/me", "/", "/accounts/login/"])
def test_a_database_that_is_away_is_told_and_nothing_about_it(
    admin: User, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    take_database_away(monkeypatch)
    response = client.get(path)
    assert response.status_code == 503
    assert "Try again in a moment." in response.content.decode()
    assert "hunter2" not in response.content.decode()


def test_a_page_about_a_problem_asks_the_database_nothing(
    admin: User, django_assert_num_queries: Any
) -> None:
    """The database may be the problem."""
    client = Client()
    client.force_login(admin)
    with django_assert_num_queries(0):
        assert client.get("/nowhere/at/all").status_code == 404


def test_a_wrong_host_is_refused_in_the_envelope() -> None:
    response = Client().get("/api/v1/me", headers={"Host": "evil.example"})
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], "ALLOWED_HOSTS" in error["message"]) == ("VALIDATION_FAILED", True)


def test_a_wrong_host_is_refused_on_a_page_too() -> None:
    response = Client().get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "does not go by that host name" in response.content.decode()


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/api/v1/clusters", "application/json"),
        ("/accounts/login/", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_too_large_is_refused(
    admin: User, settings: Any, path: str, content_type: str
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
    client = Client()
    client.force_login(admin)
    response = client.post(path, "x" * (2**20 + 1), content_type=content_type)
    assert response.status_code == 413
    assert "at most 1 MiB" in response.content.decode()
    if path.startswith("/api/"):
        assert response.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize("path", ["password/reset/", "password/reset/done/", "email/"])
def test_pages_that_would_send_mail_are_closed(admin: User, path: str) -> None:
    client = Client()
    client.force_login(admin)
    response = client.get(f"/accounts/{path}")
    assert response.status_code == 404
    assert "Ask an administrator" in response.content.decode()


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
        ('{"cluster_type": "\\ud800"}', "application/json", 400),
        ('{"enabled": NaN}', "application/json", 400),
        ('{"labels": 1e999}', "application/json", 400),
        ("[" * 200_000, "application/json", 400),
        ('{"name": "\xff"}', "application/json; charset=utf-16", 400),
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


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "TRACE"])
def test_a_wrong_method_is_refused_in_the_envelope(admin: User, method: str) -> None:
    client = Client()
    client.force_login(admin)
    response = client.generic(method, "/api/v1/clusters")
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


@pytest.mark.parametrize("path", ["/", "/alerts", "/gpus", "/explore", "/clusters/hub-frankfurt"])
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


def test_beat_lets_old_work_expire_and_leaves_off_what_was_switched_off() -> None:
    from aiops.celery import app

    def start_beat() -> None:
        for name, entry in ENTRIES.items():
            ModelEntry.from_entry(name, app=app, **entry)

    start_beat()
    assert {one.name for one in PeriodicTask.objects.all() if one.expire_seconds} == set(ENTRIES)
    PeriodicTask.objects.update(enabled=False)
    start_beat()
    assert not PeriodicTask.objects.filter(enabled=True).exists()


def test_every_schedule_names_a_task_that_exists() -> None:
    from aiops.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in ENTRIES.values()} <= set(app.tasks)
